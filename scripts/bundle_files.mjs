// What a bundle consists of, and which pictures it names, read from its files as src/bundle/bundle.h describes them.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const HEADER = 16; // bytes before the lists of a file, before what a table holds, and of a list before its rows
const SHA256 = 32;

/**
 * @param {string} folder of the bundle
 * @returns {{manifest: object, files: string[], pictures: {path: string, content: string}[]}} index.json; the names of the
 *   files beside it; each picture's path and the 16 digits of its content
 * @throws {Error} a sentence, if a file is missing or has another size than index.json says
 */
export function readBundle(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
  for (const { name, bytes } of manifest.files) checkSize(folder, name, bytes);
  const lists = manifest.lists ? listsOf(manifest) : listsOfTable(readFileSync(join(folder, nameOf(manifest, manifest.table))));
  const files = new Set([...manifest.files.map(({ name }) => name), ...lists.map(({ file }) => file)]);
  return { manifest, files: [...files], pictures: readPictures(folder, lists, manifest.storage) };
}

function checkSize(folder, name, bytes) {
  if (statSync(join(folder, name), { throwIfNoEntry: false })?.size === bytes) return;
  throw new Error(`the bundle ${folder} is not whole: ${name} is missing or damaged; build it again`);
}

const nameOf = ({ files }, { file }) => files[file].name;

/** @returns {{file: string, offset: number, bytes: number}[]} by the name of the file that holds each list */
function listsOf(manifest) {
  return manifest.lists.map(({ file, offset, bytes }) => ({ file: manifest.files[file].name, offset, bytes }));
}

/** The same of a table, where the lists of a file follow each other at multiples of 16 bytes. */
function listsOfTable(table) {
  const [files, count] = [table.readUInt32LE(8), table.readUInt32LE(12)];
  const names = Array.from({ length: files }, (_, i) => {
    const start = HEADER + i * SHA256;
    return `lists-${table.toString('hex', start, start + 8)}.bin`;
  });
  const ends = new Map();
  return Array.from({ length: count }, (_, i) => {
    const at = HEADER + files * SHA256 + i * 12;
    const [file, bytes] = [names[table.readUInt32LE(at)], table.readUInt32LE(at + 4)];
    const offset = ends.get(file) ?? HEADER;
    ends.set(file, Math.ceil((offset + bytes) / 16) * 16);
    return { file, offset, bytes };
  });
}

function readPictures(folder, lists, storage) {
  const bodies = new Map();
  return lists.flatMap(({ file, offset, bytes }) => {
    if (!bodies.has(file)) bodies.set(file, readFileSync(join(folder, file)));
    return readList(bodies.get(file).subarray(offset, offset + bytes), storage);
  });
}

/** A list ends with its contents, scales (of i8), ids, labels, places of paths, and then the paths. */
function readList(list, storage) {
  const [count, textBytes] = [list.readUInt32LE(0), list.readUInt32LE(4)];
  const text = list.length - textBytes;
  const contents = text - count * (8 + (storage === 'i8' ? 4 : 0) + 3 * 4);
  const paths = list.toString('utf8', text).split('\0');
  return paths.slice(0, count).map((path, i) => ({
    path, content: list.readBigUInt64LE(contents + 8 * i).toString(16).padStart(16, '0'),
  }));
}

// What JavaScript takes from index.json, checked before it is used. The engine reads the rest itself.

import { HeyBaghError } from './errors.js';
import { resolveWebUrl } from './url.js';

const MAX_BYTES = 256 * 1024 * 1024; // the engine's memory is capped at this

/**
 * @param {Uint8Array} bytes of index.json
 * @param {string} url where it came from; what it names is relative to this
 * @returns {{model: {url: string, bytes: number}, imageUrl: string}} `imageUrl` is a template for `pictureUrl`
 * @throws {HeyBaghError} `bad-index`
 */
export function readManifest(bytes, url) {
  const { model, image_url: imageUrl } = parseObject(bytes);
  const modelUrl = resolveText(model?.url, url);
  if (!modelUrl) throw badIndex('model.url is not an address');
  checkSize(model.bytes, 'model.bytes');
  if (!resolveText(imageUrl, url) || !imageUrl.includes('{path}')) {
    throw badIndex('image_url is not an address with {path} in it');
  }
  return { model: { url: modelUrl.href, bytes: model.bytes }, imageUrl };
}

/**
 * Checks the files that the engine found in the manifest: plain names, and sizes that can fit together.
 *
 * @param {{name: string, bytes: number}[]} files
 * @returns {number} bytes in all
 * @throws {HeyBaghError} `bad-index`
 */
export function checkFiles(files) {
  for (const { name, bytes } of files) {
    if (!/^[\w.-]+$/.test(name) || name.includes('..')) throw badIndex(`"${name}" is not a plain file name`);
    checkSize(bytes, name);
  }
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  checkSize(total, 'the sum of all files');
  return total;
}

/**
 * @param {string} template the manifest's `image_url`, with {path} in it
 * @param {string} path a result's path, with slashes
 * @param {string} base the URL of index.json
 * @returns {string} absolute URL of the picture
 */
export function pictureUrl(template, path, base) {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return new URL(template.replaceAll('{path}', () => encoded), base).href;
}

function parseObject(bytes) {
  try {
    return Object(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    throw badIndex('it is not JSON');
  }
}

function resolveText(value, base) {
  return typeof value === 'string' && value !== '' ? resolveWebUrl(value, base) : null;
}

function checkSize(bytes, what) {
  if (Number.isInteger(bytes) && bytes >= 1 && bytes <= MAX_BYTES) return;
  throw badIndex(`${what} must be 1 to ${MAX_BYTES} bytes`);
}

function badIndex(why) {
  return new HeyBaghError('bad-index', `index.json cannot be used: ${why}. Build the index again.`);
}

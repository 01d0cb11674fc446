// sizes.mjs SITE: prints a table of a site's files, with their sizes before and after gzip.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { shown } from './shown.mjs';

const KINDS = [
  ['pictures', /^images\//], ['thumbnails', /^bundle\/thumb-/], ['lists', /^bundle\/lists-/], ['index', /^bundle\//],
  ['model', /\.safetensors$/], ['engine (one of these is loaded)', /\.wasm$/], ['languages', /^lang\//],
  ['page and element', /\.(js|css|html|svg|json|webmanifest)$/], ['licences', /./],
];
const COMPRESSED = new Set(['lists', 'index', 'engine (one of these is loaded)', 'languages', 'page and element', 'licences']);

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

const [site] = process.argv.slice(2);
const sums = new Map(KINDS.map(([name]) => [name, { files: 0, bytes: 0, gzip: 0 }]));
for (const path of filesIn(site).filter(name => !name.endsWith('.heybagh-site.json'))) {
  const [kind] = KINDS.find(([, pattern]) => pattern.test(relative(site, path)));
  const { size } = statSync(path);
  const sum = sums.get(kind);
  sum.files++;
  sum.bytes += size;
  sum.gzip += COMPRESSED.has(kind) ? gzipSync(readFileSync(path), { level: 9 }).length : size;
}
const cell = bytes => (bytes / 1e3).toFixed(1).padStart(11);
console.log(shown(site));
console.log(`${'kB'.padStart(41)}${'gzip'.padStart(11)}  files`);
for (const [name, { files, bytes, gzip }] of sums) {
  if (files > 0) console.log(`  ${name.padEnd(28)}${cell(bytes)}${COMPRESSED.has(name) ? cell(gzip) : cell(bytes)}  ${files}`);
}
const all = [...sums.values()];
const total = key => all.reduce((sum, one) => sum + one[key], 0);
console.log(`  ${'all'.padEnd(28)}${cell(total('bytes'))}${cell(total('gzip'))}  ${total('files')}`);

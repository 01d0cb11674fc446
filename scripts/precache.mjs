// precache.mjs SITE: writes the names and SHA-256 of the program's files in SITE into the site's service worker (sw.js). Equal
// files make an equal sw.js.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WEB = join(dirname(fileURLToPath(import.meta.url)), '../web');
const PLACE = /^const PROGRAM = .*;$/m;

const sha256 = data => createHash('sha256').update(data);

/** The files that scripts/site.sh copies from web/, and the engine's wasm files in the site. */
function programFiles(site) {
  const web = readdirSync(WEB, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
    .map(({ parentPath, path, name }) => join(parentPath ?? path, name).slice(WEB.length + 1));
  const engines = readdirSync(site).filter(name => /^heybagh-.*\.wasm$/.test(name));
  const copied = web.filter(name => /\.(html|js|css|svg|webmanifest)$/.test(name) && !name.startsWith('examples/'));
  return [...copied, ...engines].filter(name => name !== 'sw.js').sort();
}

const [site] = process.argv.slice(2);
const names = programFiles(site);
const files = Object.fromEntries(names.map(name => [name, sha256(readFileSync(join(site, name))).digest('base64')]));
const version = sha256(JSON.stringify(files)).digest('hex').slice(0, 16);
const worker = readFileSync(join(WEB, 'sw.js'), 'utf8');
if (!PLACE.test(worker)) throw new Error('web/sw.js has no line "const PROGRAM = …" for the list of files');
const list = `const PROGRAM = ${JSON.stringify({ version, files })};`;
writeFileSync(join(site, 'sw.js'), worker.replace(PLACE, () => list));

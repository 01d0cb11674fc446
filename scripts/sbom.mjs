// sbom.mjs FOLDER [LICENCE]: writes a site's or package's bill of materials to FOLDER/sbom.cdx.json, as CycloneDX JSON. LICENCE
// is the SPDX identifier of the pictures' licence. Equal folders make equal files. common.sh passes the pinned sources in
// SOURCES and HEADERS, and the folder of emcc in EMSCRIPTEN.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const LICENCES = {
  xnnpack: 'BSD-3-Clause', pthreadpool: 'BSD-2-Clause', fxdiv: 'MIT', cpuinfo: 'BSD-2-Clause',
  'stb_image.h': 'MIT OR Unlicense', 'jsmn.h': 'MIT',
};
/** The libraries of Emscripten that are linked into the engine. */
const SYSTEM = {
  'libc.a': 'MIT', 'libstandalonewasm-nocatch-memgrow.a': 'MIT', 'libdlmalloc.a': 'CC0-1.0',
  'libcompiler_rt.a': 'Apache-2.0 WITH LLVM-exception',
};
/** Debian's, linked dynamically: package, file, licence. */
const DYNAMIC = {
  'libjpeg-turbo': ['libjpeg62-turbo', 'libjpeg.so.62', 'IJG AND BSD-3-Clause'],
  giflib: ['libgif7', 'libgif.so.7', 'MIT'],
};

const sha256 = path => createHash('sha256').update(readFileSync(path)).digest('hex');
const rows = pins => pins.trim().split('\n').map(line => line.trim().split(/\s+/));

function component(type, name, version, hash, licence, where) {
  return {
    type, name, ...(version && { version }),
    ...(licence && { licenses: [{ expression: licence }] }),
    hashes: [{ alg: 'SHA-256', content: hash }],
    properties: [{ name: 'heybagh:in', value: where }],
  };
}

/** Names of source archives look like "xnnpack_0.0~git20241108.4ea82e5.orig.tar.xz". */
function libraries() {
  return rows(process.env.SOURCES).map(([name, file, hash]) => {
    const [, version] = /_(.*)\.orig\./.exec(file);
    const where = name === 'cpuinfo' ? 'index-builder' : 'engine, index-builder';
    return component('library', name, version, hash, LICENCES[name], where);
  });
}

function headers() {
  return rows(process.env.HEADERS).map(([hash, name]) =>
    component('library', name, '', hash, LICENCES[name], 'engine, index-builder'));
}

function emscripten() {
  const [version] = /[\d.]+/.exec(execFileSync(join(process.env.EMSCRIPTEN, 'emcc'), ['--version'], { encoding: 'utf8' }));
  const cache = execFileSync(join(process.env.EMSCRIPTEN, 'em-config'), ['CACHE'], { encoding: 'utf8' }).trim();
  const folder = join(cache, 'sysroot/lib/wasm32-emscripten/lto');
  return Object.entries(SYSTEM).map(([name, licence]) =>
    component('library', `emscripten ${name}`, version, sha256(join(folder, name)), licence, 'engine'));
}

function dynamic() {
  return Object.entries(DYNAMIC).map(([name, [debian, file, licence]]) => {
    const version = execFileSync('dpkg-query', ['-W', '-f', '${Version}', debian], { encoding: 'utf8' });
    return component('library', name, version, sha256(`/usr/lib/x86_64-linux-gnu/${file}`), licence, 'index-builder');
  });
}

/** Files that are built here: the engine's wasm files and, in a site, weights and index. */
function products(folder, licence) {
  const files = readdirSync(folder);
  const ours = files.filter(name => name.endsWith('.wasm'))
    .map(name => component('application', name, '', sha256(join(folder, name)), 'MIT', 'engine'));
  const weights = files.filter(name => name.endsWith('.safetensors'))
    .map(name => component('machine-learning-model', name, '', sha256(join(folder, name)), 'BSD-3-Clause', 'model'));
  const index = join(folder, 'bundle/index.json');
  const data = existsSync(index) ? [component('data', 'bundle/index.json', '', sha256(index), licence, 'index')] : [];
  return [...ours, ...weights, ...data];
}

const [folder, licence] = process.argv.slice(2);
const { name, version } = JSON.parse(readFileSync(join(ROOT, 'web/package.json')));
writeFileSync(join(folder, 'sbom.cdx.json'), `${JSON.stringify({
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: { component: { type: 'application', name, version, licenses: [{ expression: 'MIT' }] } },
  components: [...products(folder, licence), ...libraries(), ...headers(), ...emscripten(), ...dynamic()],
}, null, 2)}\n`);

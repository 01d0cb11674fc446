// The wasm whose C the sanitizers watch (build.sh wasm-simd-asan), in Node.js, with a model and an index from files.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WasmEngine } from '../../web/engine/wasm-engine.js';

/** @param {string} file the module that Emscripten has made */
export async function openEngine(file) {
  const { default: create } = await import(pathToFileURL(resolve(file)));
  const { wasmMemory, ...module } = await create();
  const exports = Object.fromEntries(Object.entries(module).map(([name, value]) => [name.replace(/^_/, ''), value]));
  return new WasmEngine(exports, wasmMemory, { file, simd: 'simd', members: 1 });
}

/** Model, index and all that it needs before the first search. */
export function load(engine, model, bundle) {
  engine.parseManifest(readFileSync(join(bundle, 'index.json')));
  const bytes = readFileSync(model);
  const room = engine.takeModel(bytes.length);
  assert.equal(room.fill(bytes), true);
  room.give();
  engine.files().forEach(({ needed }, i) => needed && give(engine, bundle, i));
  engine.start();
}

/** One file of the index. */
export function give(engine, bundle, i) {
  engine.giveFile(i, readFileSync(join(bundle, engine.files()[i].name)));
}

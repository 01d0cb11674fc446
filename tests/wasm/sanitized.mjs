// sanitized.mjs MODULE BUILDER MODEL BUNDLE PICTURE: embeds a picture and searches with it in the wasm whose C the
// sanitizers watch (build.sh wasm-simd-asan), which ends at the first fault; and compares with index-builder.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WasmEngine } from '../../web/engine/wasm-engine.js';

const [file, builder, model, bundle, picture] = process.argv.slice(2);
/** What index-builder says of the picture. */
function native(command) {
  return JSON.parse(execFileSync(builder, [command, '--model', model, '--index', bundle, '--json', picture]));
}

async function openEngine() {
  const { default: create } = await import(pathToFileURL(resolve(file)));
  const { wasmMemory, ...module } = await create();
  const exports = Object.fromEntries(Object.entries(module).map(([name, value]) => [name.replace(/^_/, ''), value]));
  return new WasmEngine(exports, wasmMemory, { file, simd: 'simd', members: 1 });
}

/** Model, index and all that it needs before the first search. */
function load(engine) {
  engine.parseManifest(readFileSync(join(bundle, 'index.json')));
  const bytes = readFileSync(model);
  const room = engine.takeModel(bytes.length);
  assert.equal(room.fill(bytes), true);
  room.give();
  engine.files().forEach(({ needed }, i) => needed && give(engine, i));
  engine.start();
}

function give(engine, i) {
  engine.giveFile(i, readFileSync(join(bundle, engine.files()[i].name)));
}

function search(engine, query) {
  const { run, answer, free } = engine.startSearch(query, { k: 4, exact: false, labels: [] });
  for (let missing = run(); missing.length > 0; missing = run()) give(engine, missing[0]);
  const { results } = answer();
  free();
  return results;
}

const engine = await openEngine();
load(engine);
const embedding = engine.embed(engine.crop({ bytes: readFileSync(picture) }));
assert.deepEqual(embedding, Float32Array.from(native('embed').embedding));
const brief = results => results.map(({ path, score }) => [path, Math.fround(score)]);
const results = brief(search(engine, embedding));
assert.deepEqual(results, brief(native('search').results));

// What is refused frees what it took, too.
assert.throws(() => engine.crop({ bytes: readFileSync(picture).subarray(0, 2000) }), { code: 'corrupt-image' });
assert.throws(() => engine.crop({ bytes: new Uint8Array(100) }), { code: 'unsupported-image' });
console.log(`${engine.info().build}: ${embedding.length} numbers as index-builder has them, and the same top ${results.length}`);

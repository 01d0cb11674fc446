// sanitized.mjs MODULE BUILDER MODEL BUNDLE PICTURE: embeds a picture and searches with it in the wasm whose C the
// sanitizers watch (build.sh wasm-simd-asan), which ends at the first fault; and compares with index-builder.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { give, load, openEngine } from './engine.mjs';

const [file, builder, model, bundle, picture] = process.argv.slice(2);
/** What index-builder says of the picture. */
function native(command) {
  return JSON.parse(execFileSync(builder, [command, '--model', model, '--index', bundle, '--json', picture]));
}

function search(engine, query) {
  const { run, answer, free } = engine.startSearch(query, { k: 4, exact: false, labels: [] });
  for (let missing = run(); missing.length > 0; missing = run()) give(engine, bundle, missing[0]);
  const { results } = answer();
  free();
  return results;
}

const engine = await openEngine(file);
load(engine, model, bundle);
const embedding = engine.embed(engine.crop({ bytes: readFileSync(picture) }));
assert.deepEqual(embedding, Float32Array.from(native('embed').embedding));
const brief = results => results.map(({ path, score }) => [path, Math.fround(score)]);
const results = brief(search(engine, embedding));
assert.deepEqual(results, brief(native('search').results));

// What is refused frees what it took, too.
assert.throws(() => engine.crop({ bytes: readFileSync(picture).subarray(0, 2000) }), { code: 'corrupt-image' });
assert.throws(() => engine.crop({ bytes: new Uint8Array(100) }), { code: 'unsupported-image' });
console.log(`${engine.info().build}: ${embedding.length} numbers as index-builder has them, and the same top ${results.length}`);

// Endurance, an hour of it, and so by a command of its own: HEYBAGH_LONG=1 npx playwright test long.spec.js

import { join } from 'node:path';
import { serve } from '../bench/server.mjs';
import { natively } from './native.js';
import { expect, manifest, openEngineAsVisitor, picture, spread, test as base, SITE } from './support.js';

const SEARCHES = 10_000;
const SETTLED = 1000; // searches after which memory must have its size
const GROWTH = 1.02; // of what the page and its Workers hold: what a garbage collector leaves lying about
const BATCH = 250;

/** A server whose pages may measure their memory. */
const test = base.extend({
  baseURL: async ({}, use) => {
    const server = await serve([['/', `${SITE}/`], ['/favicon.ico', join(SITE, 'favicon.svg')]], { isolated: true });
    await use(server.address);
    server.close();
  },
});
test.setTimeout(2 * 3600e3);

/** Bytes: of WebAssembly, and of all that JavaScript of the page and its Workers holds, after a garbage collection. */
const memory = page => page.evaluate(async () => ({
  wasm: engine.info().heapBytes, all: (await performance.measureUserAgentSpecificMemory()).bytes,
}));

test('10,000 searches in one tab hold no more memory than 1,000', async ({ page }) => {
  await openEngineAsVisitor(page);
  const began = performance.now();
  const photos = spread(100);
  const measured = {};
  for (let done = 0; done < SEARCHES; done += photos.length) {
    const found = await page.evaluate(async paths => {
      const answers = [];
      for (const path of paths) answers.push(await engine.search(`/images/${path}`));
      return answers.map(({ results: [{ path }] }) => path);
    }, photos);
    expect(found).toEqual(photos);
    if (done + photos.length === SETTLED) measured.settled = await memory(page);
  }
  measured.end = await memory(page);
  const took = Math.round((performance.now() - began) / 1000);
  console.log(`${SEARCHES} searches in ${took} s: ${JSON.stringify(measured)}`);
  expect(measured.end.wasm).toBe(measured.settled.wasm);
  expect(measured.end.all).toBeLessThanOrEqual(measured.settled.all * GROWTH);
});

test('all pictures of the index are embedded to the bits of the command line', async ({ page }) => {
  await openEngineAsVisitor(page);
  const paths = spread(manifest().count);
  expect(new Set(paths).size).toBe(manifest().count);
  let compared = 0;
  for (let at = 0; at < paths.length; at += BATCH) {
    const batch = paths.slice(at, at + BATCH);
    const expected = natively('embed', batch.map(picture)).map(({ embedding }) => embedding.map(Math.fround));
    const actual = await page.evaluate(
      async asked => Promise.all(asked.map(async path => Array.from(await engine.embed(`/images/${path}`)))), batch);
    for (const [i, vector] of actual.entries()) {
      expect(vector, batch[i]).toEqual(expected[i]);
      compared += vector.length;
    }
  }
  console.log(`${paths.length} pictures, ${compared} numbers, all equal`);
});

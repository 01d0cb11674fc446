// How much of the index is held: shards come and go under a budget, and the answers stay the same.

import { readFileSync } from 'node:fs';
import {
  expect, failure, indexFiles, manifest, openEngine, patchWorker, picture, search, spread, test,
  NO_CACHE,
} from './support.js';

const BUDGET = 200e3;
const plain = ({ results, nprobe, scanned }) => ({ results, nprobe, scanned });
const info = page => page.evaluate(() => engine.info());

test('under a small budget the answers are the same, and memory stays flat', async ({ page, context }) => {
  const roomy = await context.newPage();
  await openEngine(roomy);
  await openEngine(page, { memory: BUDGET });
  const heaps = [];
  for (const path of spread(40)) {
    const bytes = readFileSync(picture(path));
    expect(plain(await search(page, bytes))).toEqual(plain(await search(roomy, bytes)));
    const { heapBytes, shards } = await info(page);
    expect(shards.bytes).toBeLessThanOrEqual(BUDGET);
    expect(shards.files).toBeGreaterThan(0);
    heaps.push(heapBytes);
  }
  expect(heaps.at(-1)).toBe(heaps[9]);
  expect((await info(roomy)).shards.bytes).toBeGreaterThan(BUDGET);
});

test('a search that needs more than the budget works, even with none', async ({ page, context }) => {
  const bytes = readFileSync(picture('watch/image_0100.jpg'));
  const roomy = await context.newPage();
  await openEngine(roomy);
  const expected = plain(await search(roomy, bytes, { exact: true, k: 100 }));
  expect(expected).toMatchObject({ nprobe: manifest().nlist, scanned: manifest().count });
  for (const memory of [0, BUDGET]) {
    await openEngine(page, { memory });
    expect(plain(await search(page, bytes, { exact: true, k: 100 }))).toEqual(expected);
    expect((await info(page)).shards.bytes).toBeLessThanOrEqual(memory);
  }
});

test('what was used longest ago goes first', async ({ page }) => {
  await patchWorker(page, NO_CACHE);
  await openEngine(page);
  // Pictures whose nearest lists are in different shards.
  const found = new Map();
  page.on('request', request => {
    const name = new URL(request.url()).pathname.split('/').pop();
    if (indexFiles().shards.includes(name)) found.set(name, null);
  });
  for (const path of spread(60)) {
    const { requests } = await search(page, readFileSync(picture(path)), { nprobe: 1 });
    if (requests > 0) found.set([...found.keys()].at(-1), path);
  }
  const { bytes } = indexFiles();
  const [a, b, c, d] = [...found].map(([name, path]) => ({ size: bytes[name], path }));
  const memory = Math.max(a.size + b.size + c.size, a.size + c.size + d.size, a.size + d.size + b.size);
  await openEngine(page, { memory });
  const ask = async ({ path }) => (await search(page, readFileSync(picture(path)), { nprobe: 1 })).requests;
  for (const shard of [a, b, c]) expect(await ask(shard)).toBe(1);
  expect(await ask(a), 'still there').toBe(0);
  expect(await ask(d)).toBe(1);
  expect(await ask(a), 'used again, so it was kept').toBe(0);
  expect(await ask(b), 'the oldest, so it went').toBe(1);
});

/** Names of the files that are kept for the next visit. */
const kept = page => page.evaluate(async () => {
  const requests = await (await caches.open('heybagh-index-1')).keys();
  return requests.map(({ url }) => url.split('/').pop());
});

test('a prefetched index is searched without the network', async ({ page }) => {
  const { head, centroids, shards, bytes } = indexFiles();
  const everything = [...shards, centroids, head].filter(Boolean).sort();
  for (const memory of [BUDGET, 2 ** 25]) {
    await openEngine(page, { prefetch: true, memory });
    await expect.poll(async () => (await kept(page)).sort()).toEqual(everything);
    await expect.poll(async () => (await info(page)).shards.files).toBeGreaterThan(0); // it has ended
    const { shards: held } = await info(page);
    const total = shards.reduce((sum, name) => sum + bytes[name], 0);
    if (memory > total) expect(held).toEqual({ bytes: total, files: shards.length });
    else expect(held.bytes).toBeLessThanOrEqual(memory);
    await page.route('**/lists-*', route => route.abort());
    expect(await search(page, readFileSync(picture('watch/image_0100.jpg')), { exact: true }))
      .toMatchObject({ bytes: 0, requests: 0, scanned: manifest().count });
    await page.unrouteAll();
    if (memory === BUDGET) await page.evaluate(() => caches.delete('heybagh-index-1'));
  }
});

test('a prefetch leaves the way free for searches', async ({ page }) => {
  let holding = true;
  const held = [];
  await page.route('**/lists-*', async route => {
    if (holding) await new Promise(resolve => held.push(resolve));
    await route.continue();
  });
  await openEngine(page, { prefetch: true });
  await expect.poll(() => held.length).toBeGreaterThan(0);
  await page.waitForTimeout(500); // for all that the prefetch asks for at a time
  holding = false;
  let answered = 0;
  for (const path of spread(6)) search(page, readFileSync(picture(path)), { nprobe: 1 }).then(() => answered++);
  await expect.poll(() => answered, 'those that need nothing of what is held').toBeGreaterThanOrEqual(3);
  for (const release of held) release();
  await expect.poll(() => answered).toBe(6);
});

test('a prefetch that fails says nothing, and the search that needs the file tells', async ({ page, problems }) => {
  problems.allow(/Failed to load resource/);
  await page.route('**/lists-*', route => route.abort());
  await openEngine(page, { prefetch: true });
  await page.waitForTimeout(1000);
  const data = readFileSync(picture('watch/image_0100.jpg'), 'base64');
  const error = await failure(page, `engine.search(file("${data}"))`);
  expect(error).toMatchObject({ code: 'download-failed' });
  expect(error.message).toContain('lists-');
});

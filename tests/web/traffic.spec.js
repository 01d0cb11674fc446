// What a visitor downloads of the index, as Chromium's own network log has it.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { recordNetwork, summarize } from './network.js';
import { expect, indexFiles, openEngineAsVisitor, picture, search, spread, test } from './support.js';

const MOST = 400e3; // bytes of a cold visitor's first search on average, index.json and centroids included
const VISITORS = 8;
const NO_ICON = /Failed to load resource.*404/; // Chromium looks for one where there is no page

const { head, centroids, shards } = indexFiles();
const isShard = name => shards.includes(name);
const isIndex = name => isShard(name) || name === centroids || name === 'index.json';
const kilobytes = bytes => `${(bytes / 1e3).toFixed(0)} kB`;

/** Waits until Cache Storage holds this many files of the index: it is written behind a search's back. */
function waitForCache(page, count) {
  return expect.poll(() => page.evaluate(async () => {
    const cache = await caches.open('heybagh-index-1');
    return (await cache.keys()).length;
  })).toBe(count);
}

test('the first search of a cold visitor downloads little of the index', async ({ browser, baseURL }) => {
  const seen = [];
  for (const path of spread(VISITORS)) {
    const context = await browser.newContext({ baseURL });
    const page = await context.newPage();
    const log = recordNetwork(page);
    await openEngineAsVisitor(page);
    const answer = await search(page, readFileSync(picture(path)));
    expect(answer.results[0].path).toBe(path);

    const fetched = await summarize(log, isShard);
    expect([answer.bytes, answer.requests]).toEqual([fetched.body, fetched.requests]);
    const index = await summarize(log, isIndex);
    seen.push({ shards: fetched, index, head: await summarize(log, name => name === head) });
    await context.close();
  }
  const bytes = seen.map(({ index }) => index.all);
  const mean = bytes.reduce((total, more) => total + more, 0) / VISITORS;
  const files = seen.map(entry => entry.shards.requests);
  console.log(`index.json, centroids and shards of ${VISITORS} cold visitors, with headers: mean ${kilobytes(mean)}, `
    + `most ${kilobytes(Math.max(...bytes))}, of it ${Math.min(...files)} to ${Math.max(...files)} shards; `
    + `the head: ${kilobytes(seen[0].head.all)} more`);
  expect(mean).toBeLessThanOrEqual(MOST);
  expect(Math.max(...bytes)).toBeLessThanOrEqual(1.25 * MOST); // where many pictures are alike, lists are long
});

test('a repeated visit downloads nothing of the index', async ({ context, page, problems }) => {
  problems.allow(NO_ICON);
  const bytes = readFileSync(picture('brontosaurus/image_0006.jpg'));
  await openEngineAsVisitor(page);
  const first = await search(page, bytes);
  await waitForCache(page, first.requests + 2);
  await page.close();

  const again = await context.newPage();
  const log = recordNetwork(again);
  await openEngineAsVisitor(again);
  const answer = await search(again, bytes);
  expect(answer).toMatchObject({ results: first.results, bytes: 0, requests: 0 });
  const named = name => isShard(name) || name === centroids || name === head;
  expect((await summarize(log, named)).requests).toBe(0);
  const manifest = await summarize(log, name => name === 'index.json');
  expect(manifest).toMatchObject({ requests: 1, body: 0 }); // asked, and not modified
  console.log(`a repeated visit: 0 bytes of the index, ${manifest.all} bytes of headers to learn that it is the same`);

  const { network, cached } = await again.evaluate(() => engine.info());
  expect(network).toEqual({ bytes: 0, requests: 0 });
  expect(cached.files).toBe(first.requests + 2);
  const progress = await again.evaluate(() => window.progress.findLast(({ phase }) => phase === 'index'));
  expect(progress.source).toBe('cache');
});

test('searches at the same time share their downloads', async ({ page, problems }) => {
  problems.allow(NO_ICON);
  const log = recordNetwork(page);
  await openEngineAsVisitor(page);
  const photos = ['camera/image_0003.jpg', 'camera/image_0004.jpg', 'camera/image_0003.jpg'];
  const answers = await page.evaluate(
    all => Promise.all(all.map(data => engine.search(file(data)))),
    photos.map(path => readFileSync(picture(path), 'base64')),
  );
  expect(answers.map(({ results }) => results[0].path)).toEqual(photos);

  const names = log.map(request => basename(request.url())).filter(isShard);
  expect(new Set(names).size).toBe(names.length);
  const asked = answers.map(({ requests }) => requests);
  expect(asked[0] + asked[1] + asked[2]).toBe(names.length);
  expect(asked[2], 'all that the same photo needs is on its way').toBe(0);
  expect(answers[2].results).toEqual(answers[0].results);
});

// What stays for the next visit in Cache Storage: only what was verified, and only where the browser allows it.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  expect, indexFiles, manifest, openBlank, openEngine, patchWorker, picture, search, test, MODEL, NO_CACHE, SITE,
} from './support.js';

const CACHE = 'heybagh-index-1';
const MODELS = 'heybagh-models-1';
const bytes = readFileSync(picture('camera/image_0003.jpg'));
const plain = ({ results, nprobe, scanned }) => ({ results, nprobe, scanned });

/** Names of the files that are kept. */
const kept = (page, cache = CACHE) => page.evaluate(async name => {
  const requests = await (await caches.open(name)).keys();
  return requests.map(({ url }) => url.split('/').pop()).sort();
}, cache);

/** Keeps a body under an address, as if an earlier visit had left it. */
const keep = (page, path, body, cache = CACHE) => page.evaluate(async ([name, address, data]) => {
  const content = Uint8Array.from(atob(data), c => c.charCodeAt(0));
  await (await caches.open(name)).put(new URL(address, location).href, new Response(content));
}, [cache, path, body.toString('base64')]);

/** The first 8 bytes of the SHA-256 of what is kept. */
const hashOfKept = (page, path, cache = CACHE) => page.evaluate(async ([name, address]) => {
  const response = await (await caches.open(name)).match(new URL(address, location).href);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await response?.arrayBuffer() ?? new Uint8Array()));
  return Array.from(hash.subarray(0, 8), byte => byte.toString(16).padStart(2, '0')).join('');
}, [cache, path]);

const shardFile = name => readFileSync(`${SITE}/bundle/${name}`);

test('head, centroids and the shards of a search are kept, but not index.json', async ({ page }) => {
  const { head, centroids, shards } = indexFiles();
  await openEngine(page);
  const { requests } = await search(page, bytes);
  await expect.poll(async () => (await kept(page)).length).toBe(requests + [head, centroids].filter(Boolean).length);
  const names = await kept(page);
  expect(names).toEqual(expect.arrayContaining([head, centroids].filter(Boolean)));
  expect(names.filter(name => shards.includes(name))).toHaveLength(requests);
});

for (const [what, damage] of Object.entries({
  'with a flipped byte': body => { body[100] ^= 0x80; return body; },
  'cut short': body => body.subarray(0, 20),
  empty: () => Buffer.alloc(0),
})) {
  test(`kept files ${what} are replaced`, async ({ page }) => {
    await openEngine(page);
    const first = await search(page, bytes);
    const { head, centroids, shards } = indexFiles();
    await expect.poll(async () => (await kept(page)).length).toBeGreaterThan(first.requests);
    const spoiled = [head ?? centroids, (await kept(page)).find(name => shards.includes(name))];
    for (const name of spoiled) await keep(page, `bundle/${name}`, damage(shardFile(name)));

    const asked = [];
    page.on('request', request => asked.push(request.url().split('/').pop()));
    await openEngine(page);
    expect(plain(await search(page, bytes))).toEqual(plain(first));
    for (const name of spoiled) expect(asked.filter(other => other === name)).toHaveLength(1);
    expect(asked.filter(name => shards.includes(name))).toHaveLength(1);
    for (const name of spoiled) {
      await expect.poll(() => hashOfKept(page, `bundle/${name}`)).toBe(name.match(/-(\w+)\./)[1]);
    }
  });
}

test('what does not have its hash is never kept', async ({ page, problems }) => {
  problems.allow(/Failed to load resource/);
  await page.route('**/lists-*', async route => {
    const body = shardFile(route.request().url().split('/').pop());
    body[body.length - 1] ^= 1;
    await route.fulfill({ body });
  });
  await openEngine(page);
  await page.evaluate(data => engine.search(file(data)).catch(() => {}), bytes.toString('base64'));
  await page.waitForTimeout(300);
  expect((await kept(page)).filter(name => name.startsWith('lists-'))).toEqual([]);
});

test('files of this bundle that index.json names no more are removed, and no others', async ({ page }) => {
  await openEngine(page);
  await keep(page, 'bundle/lists-0123456789abcdef.bin', Buffer.from('old'));
  await keep(page, 'bundle/inner/lists-0000000000000001.bin', Buffer.from('of a bundle in a folder of this one'));
  await keep(page, 'other/lists-0000000000000002.bin', Buffer.from('of another bundle'));
  await openEngine(page);
  await expect.poll(() => kept(page)).not.toContain('lists-0123456789abcdef.bin');
  const { centroids } = indexFiles();
  expect(await kept(page)).toEqual(expect.arrayContaining(
    ['lists-0000000000000001.bin', 'lists-0000000000000002.bin', centroids]));
});

/* ---- The model ---- */

const [modelFile, modelQuery] = manifest().model.url.split('/').pop().split('?');
const modelKey = `${modelFile}?${modelQuery}&heybagh-model=${manifest().model.id}`;
const modelBytes = readFileSync(`${SITE}/${modelFile}`);
const half = modelBytes.length >> 1;
const modelHash = createHash('sha256').update(modelBytes).digest('hex').slice(0, 16);

/** Loads an engine; tells how often the model was asked for, and where progress said that it and all came from. */
async function loadModel(page) {
  let asked = 0;
  const count = request => { asked += MODEL.test(request.url()); };
  page.on('request', count);
  await openBlank(page);
  const sources = await page.evaluate(async () => {
    const seen = [];
    window.file = data => new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], 'photo.jpg');
    window.engine = await HeyBagh.load({ index: 'bundle/', onProgress: progress => seen.push(progress) });
    return ['model', 'ready'].map(name => seen.findLast(({ phase }) => phase === name).source);
  });
  page.off('request', count);
  return { asked, sources };
}

const FROM_NETWORK = { asked: 1, sources: ['network', 'network'] };

test('the model is kept, and a repeated visit does not ask for it', async ({ page }) => {
  expect(await loadModel(page)).toEqual(FROM_NETWORK);
  const first = await search(page, bytes);
  await expect.poll(() => kept(page, MODELS)).toEqual([modelKey]);
  expect(await hashOfKept(page, modelKey, MODELS)).toBe(modelHash);
  expect(await loadModel(page)).toEqual({ asked: 0, sources: ['cache', 'cache'] });
  expect(plain(await search(page, bytes))).toEqual(plain(first));
});

for (const [what, body] of Object.entries({
  'with a flipped bit in its weights': Buffer.from(modelBytes).fill(modelBytes[half] ^ 1, half, half + 1),
  'with a damaged header': Buffer.from(modelBytes).fill(0, 0, 8),
  'cut short': modelBytes.subarray(0, half),
  'that is empty': Buffer.alloc(0),
})) {
  test(`a kept model ${what} is replaced`, async ({ page }) => {
    await openEngine(page);
    const first = await search(page, bytes);
    await expect.poll(() => kept(page, MODELS)).toEqual([modelKey]);
    await keep(page, modelKey, body, MODELS);
    expect(await loadModel(page)).toEqual(FROM_NETWORK);
    expect(plain(await search(page, bytes))).toEqual(plain(first));
    await expect.poll(() => hashOfKept(page, modelKey, MODELS)).toBe(modelHash);
    expect(await loadModel(page)).toMatchObject({ asked: 0 });
  });
}

test('a new model at the same address takes the place of the one before', async ({ page }) => {
  await openBlank(page);
  await keep(page, `${modelFile}?v=0&heybagh-model=${'0'.repeat(64)}`, Buffer.from('old'), MODELS);
  await keep(page, `other-${modelFile}`, Buffer.from('of another index'), MODELS);
  expect(await loadModel(page)).toEqual(FROM_NETWORK);
  await expect.poll(() => kept(page, MODELS)).toEqual([`other-${modelFile}`, modelKey]);
});

/* ---- Without a cache ---- */

for (const [what, code] of Object.entries({
  'is missing': NO_CACHE,
  'is forbidden':
    `Object.defineProperty(self, 'caches', { get() { throw new DOMException('no', 'SecurityError'); } });`,
  'cannot be opened': `caches.open = async () => { throw new DOMException('no', 'SecurityError'); };`,
  'cannot be read': `Cache.prototype.match = async () => { throw new DOMException('no', 'UnknownError'); };`,
  'is full': `Cache.prototype.put = async () => { throw new DOMException('full', 'QuotaExceededError'); };`,
  'cannot be listed': `Cache.prototype.keys = async () => { throw new DOMException('no', 'UnknownError'); };`,
})) {
  test(`where Cache Storage ${what}, everything works without it`, async ({ page }) => {
    await patchWorker(page, code);
    await page.addInitScript(code);
    await openEngine(page, { prefetch: true, memory: 100e3 });
    const answer = await search(page, bytes);
    expect(answer.results[0].path).toBe('camera/image_0003.jpg');
    expect(plain(await search(page, bytes))).toEqual(plain(answer));
  });
}

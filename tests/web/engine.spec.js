// heybagh.js as other pages use it: what it takes, what it gives, how it fails.

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeImports } from '../../web/engine/wasi.js';
import {
  cosine, embed, expect, failure, indexFiles, manifest, openBlank, openEngine, picture, search, spread,
  test, MODEL, ROOT,
} from './support.js';
import { serveVectors } from './vectors.js';

const BRONTOSAURUS = 'brontosaurus/image_0006.jpg';
const bytes = readFileSync(picture(BRONTOSAURUS));

test('progress counts real bytes, phase by phase, and every phase ends full', async ({ page }) => {
  await openBlank(page);
  const calls = await page.evaluate(async () => {
    const seen = [];
    await HeyBagh.load({ index: 'bundle', onProgress: progress => seen.push(progress) });
    return seen;
  });
  const { model } = manifest();
  const { head, centroids, bytes: sizes } = indexFiles();
  const indexBytes = sizes[head] + sizes[centroids];
  expect([...new Set(calls.map(({ phase }) => phase))]).toEqual(['engine', 'model', 'index', 'ready']);
  const last = phase => calls.findLast(call => call.phase === phase);
  expect(last('model')).toEqual({ phase: 'model', loaded: model.bytes, total: model.bytes, source: 'network' });
  expect(last('index')).toEqual({ phase: 'index', loaded: indexBytes, total: indexBytes, source: 'network' });
  for (const phase of ['engine', 'ready']) expect(last(phase).loaded).toBe(last(phase).total);
  for (const [i, { phase, loaded }] of calls.entries()) {
    if (calls[i - 1]?.phase === phase) expect(loaded).toBeGreaterThanOrEqual(calls[i - 1].loaded);
  }
});

test('a picture that is decoded before index.json arrives is searched all the same', async ({ page }) => {
  let release;
  const held = new Promise(resolve => { release = resolve; });
  await page.route('**/index.json', async route => {
    await held;
    await route.continue();
  });
  await page.addInitScript(() => { // the answer to the call that crops the picture
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (message, ...rest) {
      if (message.method === 'crop') {
        this.addEventListener('message', ({ data }) => { if (data.id === message.id) window.cropped = true; });
      }
      return postMessage.call(this, message, ...rest);
    };
  });
  await openBlank(page);
  await page.evaluate(data => {
    window.searching = HeyBagh.open({ index: 'bundle/' }).search(new Blob([Uint8Array.from(atob(data), c => c.charCodeAt(0))]));
  }, bytes.toString('base64'));
  await page.waitForFunction(() => window.cropped);
  release();
  expect(await page.evaluate(async () => (await window.searching).results[0].path)).toBe(BRONTOSAURUS);
});

test('decoding a picture changes no constants of the engine', async () => {
  const module = new WebAssembly.Module(readFileSync(join(ROOT, 'build/wasm-simd/heybagh-simd.wasm')));
  const { exports: c } = await WebAssembly.instantiate(module, makeImports(module, () => c.memory));
  const { memory } = c;
  c._initialize?.();
  const context = c.hb_wasm_new(1);
  const file = c.malloc(bytes.length);
  new Uint8Array(memory.buffer, file).set(bytes);
  const start = new Uint8Array(memory.buffer).findIndex((byte, i) => i >= 1024 && byte !== 0); // where its texts are
  const constants = () => Buffer.from(memory.buffer, start, 8192).toString('latin1');
  const before = constants();
  expect(before).toMatch(/\w{4,}/);
  expect(c.hb_wasm_crop_file(context, file, bytes.length, 0, 0, 1, 1)).toBe(0);
  expect(constants()).toBe(before);
});

test('info tells what is loaded', async ({ page }) => {
  await openEngine(page);
  const info = await page.evaluate(() => engine.info());
  const { model, head, storage, dim, count, nlist, labels } = manifest();
  const known = { modelId: model.id, head: head.kind, storage, dim, count, nlist, labels };
  expect(info).toMatchObject({ build: 'heybagh-relaxed.wasm', simd: 'relaxed-simd', threads: 1, ...known, shards: { bytes: 0, files: 0 } });
  expect(info.nprobe).toBeLessThanOrEqual(info.nlist);
  expect(info.heapBytes).toBeLessThanOrEqual(256 * 1024 * 1024);
});

test('an embedding has unit length and the dimensions of the index', async ({ page }) => {
  await openEngine(page);
  const vector = await embed(page, bytes);
  expect(vector.length).toBe(await page.evaluate(() => engine.info().dim));
  expect(cosine(vector, vector)).toBeCloseTo(1, 5);
});

test('an answer has URLs, ids and timings', async ({ page, baseURL }) => {
  await openEngine(page);
  const { results, timings, bytes: fetched, requests } = await search(page, bytes);
  expect(fetched).toBeGreaterThan(0);
  expect(requests).toBeGreaterThan(0);
  expect(timings.fetch).toBeGreaterThan(0);
  expect(results[0].content).toBe(createHash('sha256').update(bytes).digest('hex').slice(0, 16));
  expect(results[0].thumb).toBe(results[0].url);
  const url = new URL(results[0].url);
  expect(url.origin).toBe(new URL(baseURL).origin);
  expect(decodeURIComponent(url.pathname)).toContain(BRONTOSAURUS);
  expect((await page.request.get(url.href)).status()).toBe(200);
  expect(Object.keys(timings).sort())
    .toEqual(['decode', 'fetch', 'head', 'network', 'preprocess', 'scan', 'total']);
  const parts = Object.entries(timings).reduce((sum, [name, time]) => sum + (name === 'total' ? 0 : time), 0);
  expect(timings.total).toBeGreaterThanOrEqual(parts * 0.99);

  const again = await search(page, bytes);
  expect(again).toMatchObject({ results, bytes: 0, requests: 0, timings: { fetch: 0 } });
});

test('an image may be a URL, an <img> or pixels', async ({ page }) => {
  await openEngine(page);
  const { results: [{ url }] } = await search(page, bytes);
  const answers = await page.evaluate(async address => {
    const image = new Image();
    image.src = address;
    await image.decode();
    const drawing = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext('2d');
    drawing.drawImage(image, 0, 0);
    const pixels = drawing.getImageData(0, 0, image.naturalWidth, image.naturalHeight);
    const answered = [];
    for (const given of [new URL(address).pathname, new URL(address), image, pixels]) {
      answered.push(await engine.search(given, { k: 1 }));
    }
    return answered.concat({ results: [{ score: pixels.data.length ? 1 : 0 }], kept: true });
  }, url);
  expect(answers.pop().results[0].score, 'the pixels are still there').toBe(1);
  for (const { results: [{ path, score }] } of answers) {
    expect(path).toBe(BRONTOSAURUS);
    expect(score).toBeGreaterThan(0.99);
  }
  expect(answers.slice(0, 3).every(({ timings }) => timings.fetch > 0)).toBe(true);
});

test('options narrow the search', { tag: '@quick' }, async ({ page }) => {
  await openEngine(page);
  const { count, nlist } = await page.evaluate(() => engine.info());
  const ask = options => search(page, bytes, options);

  expect((await ask({ k: 1 })).results).toHaveLength(1);
  expect((await ask({ nprobe: 1 })).nprobe).toBe(1);
  const exact = await ask({ k: 10, exact: true });
  expect({ nprobe: exact.nprobe, scanned: exact.scanned }).toEqual({ nprobe: nlist, scanned: count });
  const labelled = await ask({ k: 100, labels: ['stegosaurus', 'kangaroo'] }); // there are 59 and 86
  expect(new Set(labelled.results.map(({ label }) => label))).toEqual(new Set(['stegosaurus', 'kangaroo']));
  const near = await ask({ k: 100, minScore: 0.4 });
  expect(near.results.length).toBeGreaterThan(0);
  expect(near.results.length).toBeLessThan(100);
  expect(near.results.at(-1).score).toBeGreaterThanOrEqual(0.4);
});

test('a label filter searches on until there are k, or no lists are left', async ({ page }) => {
  await openEngine(page);
  const { nlist } = await page.evaluate(() => engine.info());
  const some = await search(page, bytes, { k: 10, nprobe: 1, labels: ['yin_yang'] });
  expect(some.results.map(({ label }) => label)).toEqual(Array(10).fill('yin_yang'));
  expect(some.nprobe).toBeGreaterThan(1);
  const all = await search(page, bytes, { k: 1000, nprobe: 1, labels: ['yin_yang'] });
  expect(all.results).toHaveLength(readdirSync(picture('yin_yang')).length);
  expect(all.nprobe).toBe(nlist);
});

test('a vector may be searched, of any length, and stays as it is', async ({ page }) => {
  await openEngine(page);
  const { results, nprobe, scanned } = await search(page, bytes);
  const answers = await page.evaluate(async data => {
    const vector = await engine.embed(file(data));
    const larger = vector.map(x => 1000 * x);
    const given = Array.from(larger);
    const found = [await engine.search(vector), await engine.search(larger)];
    return { found, kept: larger.length === given.length && larger.every((x, i) => x === given[i]) };
  }, bytes.toString('base64'));
  expect(answers.kept).toBe(true);
  for (const answer of answers.found) {
    expect(answer).toMatchObject({ nprobe, scanned, timings: { decode: 0, network: 0 } });
    expect(answer.results.map(({ path }) => path)).toEqual(results.map(({ path }) => path));
    for (const [i, { score }] of answer.results.entries()) expect(score).toBeCloseTo(results[i].score, 5);
  }
});

test('where the index has thumbnails, results tell their addresses', async ({ page, baseURL }) => {
  const json = { ...manifest(), thumb_url: 'thumbs/{content}.jpg' };
  await page.route('**/index.json', route => route.fulfill({ json }));
  await openEngine(page);
  const { results: [{ content, thumb, url }] } = await search(page, bytes);
  expect(thumb).toBe(new URL(`bundle/thumbs/${content}.jpg`, baseURL).href);
  expect(url).toContain(BRONTOSAURUS);
  for (const wrong of ['thumbs/{path}.jpg', 'javascript:{content}', 7]) {
    json.thumb_url = wrong;
    const error = await failure(page, 'HeyBagh.load({ index: "bundle/" })');
    expect(error).toMatchObject({ code: 'bad-index' });
    expect(error.message).toContain('thumb_url');
  }
});

test('an index of ready-made vectors needs no model, and is searched by vectors only', async ({ page }, info) => {
  const numbers = await serveVectors(page, info, { count: 200, nlist: 4 });
  await page.route(MODEL, route => route.abort());
  await openEngine(page, { index: 'vectors/' });
  expect(await page.evaluate(() => engine.info())).toMatchObject({ modelId: '', head: 'none', dim: 8, count: 200 });
  const { results: [{ path, score }] } = await page.evaluate(
    query => engine.search(new Float32Array(query), { k: 1 }), Array.from(numbers.subarray(80, 88)));
  expect(path).toBe('10'); // without names of their own, vectors are called by their numbers
  expect(score).toBeGreaterThan(0.99);
  const error = await failure(page, `engine.search(file("${bytes.toString('base64')}"))`);
  expect(error).toMatchObject({ code: 'invalid-argument' });
  expect(error.message).toMatch(/model/);
});

test('a large index keeps a table of its lists beside a small index.json', async ({ page }, info) => {
  const numbers = await serveVectors(page, info, { count: 24000, nlist: 600 });
  const asked = [];
  page.on('request', request => asked.push(request.url().split('/').pop()));
  await openEngine(page, { index: 'vectors/' });
  expect(asked.filter(name => /^(table|centroids|lists)-/.test(name)).map(name => name.split('-')[0]).sort())
    .toEqual(['centroids', 'table']);
  expect(await page.evaluate(() => engine.info())).toMatchObject({ count: 24000, nlist: 600 });
  for (const row of [0, 12000, 23999]) {
    const query = Array.from(numbers.subarray(8 * row, 8 * row + 8));
    const [probed, exact] = await page.evaluate(async values => [
      await engine.search(new Float32Array(values), { k: 1, nprobe: 2 }),
      await engine.search(new Float32Array(values), { k: 1, exact: true }),
    ], query);
    expect(probed.results[0].path).toBe(`${row}`);
    expect(probed.scanned).toBeLessThan(1000);
    expect(exact.results[0].path).toBe(`${row}`);
    expect(exact.scanned).toBe(24000);
  }
  await page.route('**/vectors/table-*', route => route.fulfill({ body: 'wrong' }));
  const error = await failure(page, 'caches.delete("heybagh-index-1").then(() => HeyBagh.load({ index: "vectors/" }))');
  expect(error.code).toBe('bad-download');
  expect(error.message).toContain('table-');
});

test('what is out of range is refused with its range', async ({ page }) => {
  await openEngine(page);
  await page.evaluate(data => { window.photo = file(data); }, bytes.toString('base64'));
  const { nlist, dim } = await page.evaluate(() => engine.info());
  const refused = {
    'engine.search(photo, { k: 0 })': /1 to 16384/,
    'engine.search(photo, { k: 16385 })': /1 to 16384/,
    'engine.search(photo, { k: 1.5 })': /1 to 16384/,
    'engine.search(photo, { nprobe: 0 })': new RegExp(`1 to ${nlist}`),
    [`engine.search(photo, { nprobe: ${nlist + 1} })`]: new RegExp(`1 to ${nlist}`),
    'engine.search(photo, { minScore: 1.1 })': /-1 to 1/,
    'engine.search(photo, { minScore: NaN })': /-1 to 1/,
    'engine.search(photo, { labels: "camera" })': /array/,
    'engine.search(photo, { exact: 1 })': /true or false/,
    'engine.search(photo, { onResults: 1 })': /function/,
    'engine.search(photo, { labels: ["no such label"] })': /no such label/,
    'engine.search(null)': /File/,
    'engine.search(new Float32Array(3))': new RegExp(`3 numbers.*${dim}`),
    [`engine.search(new Float32Array(${dim}))`]: /not all 0/,
    [`engine.search(new Float32Array(${dim}).fill(NaN))`]: /finite/,
    'engine.embed(new Image())': /File/,
    'engine.embed("http://")': /address/,
    'HeyBagh.load()': /index/,
    'HeyBagh.load({ index: "data:," })': /index/,
    'HeyBagh.load({ index: "bundle/", simd: "avx" })': /simd/,
    'HeyBagh.load({ index: "bundle/", threads: 0 })': /threads/,
    'HeyBagh.load({ index: "bundle/", memory: -1 })': /0 to 134217728/,
    'HeyBagh.load({ index: "bundle/", memory: "32 MB" })': /0 to 134217728/,
    'HeyBagh.load({ index: "bundle/", prefetch: 1 })': /true or false/,
  };
  for (const [script, message] of Object.entries(refused)) {
    const error = await failure(page, script);
    expect(error, script).toMatchObject({ name: 'HeyBaghError', code: 'invalid-argument' });
    expect(error.message, script).toMatch(message);
  }
});

test('failures have codes, and leave the engine at work', async ({ page, problems }) => {
  problems.allow(/Failed to load resource/);
  await openEngine(page);
  const codes = {
    'engine.embed(new File(["no picture"], "a.jpg"))': 'unsupported-image',
    'engine.embed(new File([], "a.jpg"))': 'unsupported-image',
    'engine.embed(new Blob([new Uint8Array(64e6 + 1)]))': 'image-too-large',
    'engine.embed("nowhere.jpg")': 'download-failed',
  };
  for (const [script, code] of Object.entries(codes)) expect(await failure(page, script)).toMatchObject({ code });
  const cut = bytes.subarray(0, bytes.length / 2).toString('base64');
  expect(await failure(page, `engine.embed(file("${cut}"))`)).toMatchObject({ code: 'corrupt-image' });
  expect((await search(page, bytes)).results[0].path).toBe(BRONTOSAURUS);
});

test('a closed engine refuses what waits and what comes', async ({ page }) => {
  await openEngine(page);
  const codes = await page.evaluate(async data => {
    const code = promise => promise.then(() => 'answered', error => error.code);
    const waiting = [code(engine.search(file(data))), code(engine.embed(file(data)))];
    await new Promise(resolve => setTimeout(resolve, 5));
    engine.close();
    return Promise.all([...waiting, code(engine.search(file(data)))]);
  }, bytes.toString('base64'));
  expect(codes).toEqual(['closed', 'closed', 'closed']);
});

test('a browser that has only plain SIMD gets the plain build', async ({ page }) => {
  await page.addInitScript(() => {
    const { validate } = WebAssembly;
    WebAssembly.validate = bytes => !String(bytes).includes('253,128,2') && validate(bytes);
  });
  await openEngine(page);
  expect(await page.evaluate(() => engine.info().simd)).toBe('simd');
});

test('a host that does not know wasm by its type still works', async ({ page }) => {
  await page.route('**/*.wasm', async route => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { 'Content-Type': 'application/octet-stream' } });
  });
  await openEngine(page);
});

test('memory stays flat over 50 searches', async ({ page }) => {
  await openEngine(page);
  const heapAfter = [];
  for (const path of spread(50)) {
    await search(page, readFileSync(picture(path)));
    heapAfter.push(await page.evaluate(() => engine.info().heapBytes));
  }
  expect(heapAfter[49]).toBe(heapAfter[9]);
});

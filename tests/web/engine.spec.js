// heybagh.js as other pages use it: what it takes, what it gives, how it fails.

import { readFileSync } from 'node:fs';
import {
  cosine, embed, expect, failure, manifest, openBlank, openEngine, patchWorker, picture, search, spread, test,
} from './support.js';

const BRONTOSAURUS = 'brontosaurus/image_0006.jpg';
const bytes = readFileSync(picture(BRONTOSAURUS));

test('progress counts real bytes, phase by phase, and every phase ends full', async ({ page }) => {
  await openBlank(page);
  const calls = await page.evaluate(async () => {
    const seen = [];
    await HeyBagh.load({ index: 'bundle', onProgress: progress => seen.push(progress) });
    return seen;
  });
  const { model, files } = manifest();
  const indexBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  expect([...new Set(calls.map(({ phase }) => phase))]).toEqual(['engine', 'model', 'index', 'ready']);
  const last = phase => calls.findLast(call => call.phase === phase);
  expect(last('model')).toEqual({ phase: 'model', loaded: model.bytes, total: model.bytes, source: 'network' });
  expect(last('index')).toEqual({ phase: 'index', loaded: indexBytes, total: indexBytes, source: 'network' });
  for (const phase of ['engine', 'ready']) expect(last(phase).loaded).toBe(last(phase).total);
  for (const [i, { phase, loaded }] of calls.entries()) {
    if (calls[i - 1]?.phase === phase) expect(loaded).toBeGreaterThanOrEqual(calls[i - 1].loaded);
  }
});

test('info tells what is loaded', async ({ page }) => {
  await openEngine(page);
  const info = await page.evaluate(() => engine.info());
  const { model, count } = manifest();
  expect(info).toMatchObject({ simd: 'relaxed-simd', modelId: model.id, count });
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
  const { results, timings } = await search(page, bytes);
  const url = new URL(results[0].url);
  expect(url.origin).toBe(new URL(baseURL).origin);
  expect(decodeURIComponent(url.pathname)).toContain(BRONTOSAURUS);
  expect((await page.request.get(url.href)).status()).toBe(200);
  expect(Object.keys(timings).sort())
    .toEqual(['decode', 'fetch', 'head', 'network', 'preprocess', 'scan', 'total']);
  expect(timings.fetch).toBe(0);
  const parts = timings.decode + timings.preprocess + timings.network + timings.head + timings.scan;
  expect(timings.total).toBeGreaterThanOrEqual(parts * 0.99);
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

test('options narrow the search', async ({ page }) => {
  await openEngine(page);
  const { count, nlist } = await page.evaluate(() => engine.info());
  const ask = options => search(page, bytes, options);

  expect((await ask({ k: 1 })).results).toHaveLength(1);
  expect((await ask({ nprobe: 1 })).nprobe).toBe(1);
  const exact = await ask({ k: 10, exact: true });
  expect({ nprobe: exact.nprobe, scanned: exact.scanned }).toEqual({ nprobe: nlist, scanned: count });
  const labelled = await ask({ k: 10, labels: ['stegosaurus', 'kangaroo'] });
  expect(new Set(labelled.results.map(({ label }) => label))).toEqual(new Set(['stegosaurus', 'kangaroo']));
  const near = await ask({ k: 100, minScore: 0.7 });
  expect(near.results.length).toBeGreaterThan(0);
  expect(near.results.length).toBeLessThan(100);
  expect(near.results.at(-1).score).toBeGreaterThanOrEqual(0.7);
});

test('what is out of range is refused with its range', async ({ page }) => {
  await openEngine(page);
  await page.evaluate(data => { window.photo = file(data); }, bytes.toString('base64'));
  const { nlist } = await page.evaluate(() => engine.info());
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
    'engine.search(null)': /File/,
    'engine.embed(new Image())': /File/,
    'engine.embed("http://")': /address/,
    'HeyBagh.load()': /index/,
    'HeyBagh.load({ index: "data:," })': /index/,
    'HeyBagh.load({ index: "bundle/", simd: "avx" })': /simd/,
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
  await patchWorker(page, `
    const validate = WebAssembly.validate;
    WebAssembly.validate = bytes => !String(bytes).includes('253,128,2') && validate(bytes);`);
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

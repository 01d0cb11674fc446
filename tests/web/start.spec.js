// How an engine starts: what is under way at the same time, and what becomes of pictures that are given before.

import { readFileSync } from 'node:fs';
import {
  alert, chooser, expect, failure, holdModel, openBlank, openEngine, openReady, picture, search, shownPaths, status,
  manifest, test, MODEL,
} from './support.js';

const CAMERA = 'camera/image_0003.jpg';
const bytes = readFileSync(picture(CAMERA));
const cut = bytes.subarray(0, bytes.length / 2);

/** A page with an engine whose model does not come before `release`, and `file(base64)` as `openEngine` has it. */
async function openHeld(page) {
  const release = await holdModel(page);
  await openBlank(page);
  await page.evaluate(() => {
    window.file = data => new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], 'photo.jpg');
    window.engine = HeyBagh.open({ index: 'bundle/' });
  });
  return release;
}

/** Notes in the page what the Worker is asked, as `asked`. */
function watchWorker(page) {
  return page.addInitScript(() => {
    window.asked = [];
    window.Worker = class extends Worker {
      postMessage(message, transfer) {
        window.asked.push(message.method);
        super.postMessage(message, transfer);
      }
    };
  });
}

test('index.json, wasm and model are under way before the Worker runs', async ({ page }) => {
  let release;
  const held = new Promise(resolve => { release = resolve; });
  await page.route('**/worker.js', async route => {
    await held;
    await route.continue();
  });
  const model = page.waitForRequest(MODEL);
  const wasm = page.waitForRequest('**/*.wasm');
  await page.goto('/');
  await Promise.all([wasm, model]);
  await expect(page.getByRole('progressbar'), 'all of it can come').toHaveAttribute('value', `${manifest().model.bytes}`);
  release();
  await expect(status(page)).toContainText('Ready to search');
});

test('a picture is decoded while the model is on its way, and searched when it is there', async ({ page }) => {
  await openEngine(page);
  const expected = await search(page, bytes);
  const other = await page.context().browser().newContext({ baseURL: page.url() });
  const early = await other.newPage();
  const release = await openHeld(early);
  const refused = await failure(early, `engine.embed(file("${cut.toString('base64')}"))`);
  expect(refused, 'nothing but the network waits for the model').toMatchObject({ code: 'corrupt-image' });
  await early.evaluate(data => {
    window.states = [];
    window.found = engine.search(file(data)).then(answer => {
      window.states.push('found');
      return answer;
    });
    engine.ready.then(() => window.states.push('ready'));
  }, bytes.toString('base64'));
  expect(await failure(early, 'engine.info()')).toMatchObject({ code: 'invalid-argument' });
  release();
  const { results, timings } = await early.evaluate(() => window.found);
  expect(results).toEqual(expected.results);
  for (const part of ['decode', 'preprocess', 'network', 'head']) expect(timings[part]).toBeGreaterThan(0);
  expect(await early.evaluate(() => window.states)).toEqual(['ready', 'found']);
  await other.close();
});

test('an engine that is closed before it is ready stops its downloads', async ({ page }) => {
  const release = await openHeld(page);
  await page.waitForRequest(MODEL);
  const aborted = page.waitForEvent('requestfailed', request => MODEL.test(request.url()));
  const codes = await page.evaluate(async data => {
    const code = promise => promise.then(() => 'answered', error => error.code);
    const waiting = [code(engine.ready), code(engine.search(file(data)))];
    engine.close();
    return Promise.all([...waiting, code(engine.embed(file(data)))]);
  }, bytes.toString('base64'));
  expect(codes).toEqual(['closed', 'closed', 'closed']);
  await aborted;
  release();
});

test('what was asked of an engine that cannot be loaded fails as it does', async ({ page, problems }) => {
  problems.allow(/Failed to load resource/);
  await page.route(MODEL, route => route.fulfill({ status: 404, body: 'no' }));
  await openBlank(page);
  await page.evaluate(() => { window.engine = HeyBagh.open({ index: 'bundle/' }); });
  const asked = [
    'engine.ready', 'engine.embed(new File(["no picture"], "a.jpg"))', 'engine.search(new Float32Array(4))',
  ];
  const codes = await Promise.all(asked.map(async script => (await failure(page, script)).code));
  expect(codes[0]).toBe('download-failed');
  expect(['download-failed', 'unsupported-image']).toContain(codes[1]); // whichever was first
  expect(codes[2]).toBe('download-failed');
});

test('the engine warms up when nobody waits, and the first picture does it otherwise', async ({ page }) => {
  await watchWorker(page);
  await openReady(page);
  await expect.poll(() => page.evaluate(() => window.asked.at(-1))).toBe('warmUp');
  expect(await page.evaluate(() => window.asked.filter(method => method === 'warmUp'))).toHaveLength(1);

  const release = await holdModel(page);
  await page.evaluate(() => caches.delete('heybagh-models-1'));
  await page.goto('/');
  await chooser(page).setInputFiles(picture(CAMERA));
  release();
  expect((await shownPaths(page))[0]).toBe(CAMERA);
  await page.waitForTimeout(500);
  const asked = await page.evaluate(() => window.asked);
  expect(asked.slice().sort()).toEqual(['crop', 'finish', 'model', 'obtain', 'open', 'search', 'start']);
  expect(asked.slice(-2)).toEqual(['finish', 'search']);
});

test('a photo that is refused while the engine loads is told so when it is there', async ({ page }) => {
  const release = await holdModel(page);
  await page.goto('/');
  await expect(status(page)).toContainText('Loading the model');
  await chooser(page).setInputFiles({ name: 'photo.jpg', mimeType: 'image/jpeg', buffer: cut });
  await page.waitForTimeout(500);
  await expect(alert(page)).toBeHidden();
  release();
  await expect(alert(page)).toHaveText(/\w+/);
  await expect(page.locator('.loading')).toBeHidden();
  await chooser(page).setInputFiles(picture(CAMERA));
  expect((await shownPaths(page))[0]).toBe(CAMERA);
});

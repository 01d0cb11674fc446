// What the browser may refuse or take away: WebAssembly, memory, storage, time; and what its tabs do to each other.

import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { serve } from '../bench/server.mjs';
import { shorten } from './misbehaving.js';
import {
  alert, chooser, expect, indexFiles, openBlank, openEngine, openReady, patchWorker, picture, results, search,
  shownPaths, status, test, MODEL, SITE,
} from './support.js';
import { holdLists } from './states.js';

const CAMERA = 'camera/image_0003.jpg';
const bytes = readFileSync(picture(CAMERA));
const choose = page => chooser(page).setInputFiles(picture(CAMERA));

async function expectAnswer(page) {
  expect((await shownPaths(page))[0]).toBe(CAMERA);
  await expect(alert(page)).toBeHidden();
}

/* ---- WebAssembly ---- */

test('a policy that forbids WebAssembly is told in a sentence', async ({ page, problems }) => {
  problems.allow(/Content Security Policy|unsafe-eval/);
  await page.route('**/strict.html', route => route.fulfill({
    contentType: 'text/html',
    body: `<!doctype html><title>strict</title>
      <meta http-equiv="Content-Security-Policy" content="default-src 'self'; script-src 'self'; img-src 'self' blob:">
      <script type="module" src="/element.js"></script>
      <heybagh-search index="/bundle/" loading="eager"></heybagh-search>`,
  }));
  await page.goto('/strict.html');
  await expect(alert(page)).toHaveText(/^The engine \(heybagh-relaxed\.wasm\) cannot run here: .*Security Policy/);
  await expect(alert(page)).toHaveText(/\. Reload the page, or try another browser\.$/);
});

for (const [what, script] of Object.entries({
  WebAssembly: 'delete window.WebAssembly;', 'SIMD in it': 'WebAssembly.validate = () => false;',
})) {
  test(`a browser without ${what} is told so in a sentence`, async ({ page }) => {
    await page.addInitScript(script);
    await page.goto('/');
    await expect(alert(page)).toHaveText(
      'This browser is too old for the engine: it lacks WebAssembly SIMD. Update it, or use another one.');
  });
}

test('where the page\'s script does not come, or is called something else, the page says so', async ({
  page, problems,
}) => {
  problems.allow(/MIME type|Failed to load|ERR_FAILED/);
  for (const spoil of [route => route.abort(), route => route.fulfill({ contentType: 'text/plain', body: '' })]) {
    await page.route('**/element.js', spoil);
    await page.goto('/');
    const search = page.locator('heybagh-search');
    const said = () => search.evaluate(element => {
      const { content, visibility } = getComputedStyle(element, '::after');
      return visibility === 'visible' ? content : '';
    });
    expect(await said(), 'it may yet come').toBe('');
    await search.evaluate(element => {
      const [late] = element.getAnimations({ subtree: true });
      late.currentTime = 20_000 + 2;
    });
    await expect.poll(said).toBe('"The search did not load. Check the connection and reload this page."');
    await page.unroute('**/element.js');
  }
  await openReady(page);
});

/* ---- Memory ---- */

// The first picture finds all of the engine's memory taken, up to its cap; the second finds it free again.
const FULL = `
  const { instantiate } = WebAssembly;
  const taken = [];
  let c;
  WebAssembly.instantiate = async (...given) => {
    const instance = await instantiate.apply(WebAssembly, given);
    c = instance.exports;
    return instance;
  };
  const fill = size => {
    for (let at = c.malloc(size); at; at = c.malloc(size)) taken.push(at);
  };
  let crops = 0;
  self.addEventListener('message', ({ data }) => {
    if (data.method !== 'crop') return;
    if (crops++ === 0) for (let size = 2 ** 24; size >= 2 ** 8; size /= 2) fill(size);
    else for (const at of taken.splice(0)) c.free(at);
  });`;

test('a picture for which the engine has no memory is refused in a sentence, and the next one works', async ({
  page,
}) => {
  await patchWorker(page, FULL);
  await openReady(page);
  await choose(page);
  await expect(alert(page)).toHaveText(
    'There is not enough memory: 1 MB more are needed. Close other tabs, or choose a smaller picture.');
  await choose(page);
  await expectAnswer(page);
});

/* ---- The disk ---- */

test('a page that was opened from the disk says so at once', async ({ page, problems }) => {
  problems.allow(/CORS policy|Failed to load|file:/);
  const address = pathToFileURL(`${SITE}/index.html`).href;
  await page.goto(address);
  const search = page.locator('heybagh-search');
  const said = () => search.evaluate(element => {
    const { content, visibility } = getComputedStyle(element, '::after');
    return visibility === 'visible' ? content : '';
  });
  expect(await said()).toMatch(/opened from the disk/);
  await expect(search).toHaveRole('alert');
  await expect(page.getByText('python3 -m http.server')).toBeVisible();
});

test('an element that comes over the network into a page from the disk says that its index cannot', async ({
  page, problems,
}, info) => {
  problems.allow(/CORS policy|Failed to load|file:/);
  const path = info.outputPath('page.html');
  const { address, close } = await serve([['/', `${SITE}/`]], { headers: { 'Access-Control-Allow-Origin': '*' } });
  writeFileSync(path, `<!doctype html><title>disk</title><script type="module" src="${address}element.js"></script>
    <heybagh-search index="bundle/" loading="eager"></heybagh-search>`);
  problems.allow(new RegExp(`request: GET ${address}`));
  await page.goto(pathToFileURL(path).href);
  await expect(alert(page)).toHaveText(/^This page was opened from the disk, where it cannot load an index\./);
  close();
});

/* ---- Storage ---- */

const NEVER = 'new Promise(() => {})';

for (const [what, code] of Object.entries({
  'opens never': `caches.open = () => ${NEVER};`,
  'reads never': `Cache.prototype.match = () => ${NEVER};`,
  'writes never': `Cache.prototype.put = () => ${NEVER};`,
})) {
  test(`where Cache Storage ${what}, everything works without it`, async ({ page }) => {
    await shorten(page, { STORAGE: 500 });
    await patchWorker(page, code);
    await page.addInitScript(code);
    await openEngine(page);
    expect((await search(page, bytes)).results[0].path).toBe(CAMERA);
  });
}

test('an old list that is kept under a new name is not taken for it', async ({ page, context }) => {
  const calm = await context.newPage();
  await openEngine(calm);
  const { results: expected, requests } = await search(calm, bytes);
  expect(requests).toBeGreaterThan(1);
  const names = await calm.evaluate(async () => {
    const requests = await (await caches.open('heybagh-index-1')).keys();
    return requests.map(({ url }) => url);
  });
  const lists = names.filter(url => url.includes('/lists-'));
  const { shards } = indexFiles();
  const other = shards.find(name => !lists.some(url => url.endsWith(name)));
  await calm.evaluate(async ([url, old]) => {
    const body = await (await fetch(`/bundle/${old}`)).blob();
    await (await caches.open('heybagh-index-1')).put(url, new Response(body));
  }, [lists[0], other]);

  const asked = [];
  page.on('request', request => asked.push(request.url()));
  await openEngine(page);
  expect((await search(page, bytes)).results).toEqual(expected);
  expect(asked.filter(url => url.includes('/lists-'))).toEqual([lists[0]]);
  const kept = await page.evaluate(async url => (await (await caches.match(url)).blob()).size, lists[0]);
  expect(kept).toBe(readFileSync(`${SITE}/bundle/${lists[0].split('/').pop()}`).length);
});

/* ---- Tabs ---- */

test('a page that is frozen while a search waits answers when it is shown again', async ({ page, context }) => {
  await shorten(page, { BEAT: 200 });
  await openReady(page);
  const release = await holdLists(page);
  await choose(page);
  const session = await context.newCDPSession(page);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await new Promise(resolve => setTimeout(resolve, 3000)); // 15 beats
  release();
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  await expectAnswer(page);
});

test('a page that is frozen while the model comes is ready when it is shown again', async ({ page, context }) => {
  await page.route(MODEL, async route => {
    await new Promise(resolve => setTimeout(resolve, 1000));
    await route.continue();
  });
  await page.goto('/');
  await expect(status(page)).toContainText('Loading');
  const session = await context.newCDPSession(page);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await new Promise(resolve => setTimeout(resolve, 3000));
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  await expect(status(page)).toContainText('Ready to search');
});

test('two tabs that start at once both answer, and keep one copy of the model', async ({ page, context }) => {
  const other = await context.newPage();
  const tabs = [page, other];
  await Promise.all(tabs.map(tab => tab.goto('/')));
  await Promise.all(tabs.map(choose));
  for (const tab of tabs) await expectAnswer(tab);
  const models = () => page.evaluate(async () => (await (await caches.open('heybagh-models-1')).keys()).length);
  await expect.poll(models).toBe(1);
});

test('a tab goes on when another clears what both keep', async ({ page, context }) => {
  await openReady(page);
  await choose(page);
  await expectAnswer(page);
  const other = await context.newPage();
  await openBlank(other);
  await other.evaluate(async () => Promise.all((await caches.keys()).map(name => caches.delete(name))));
  await chooser(page).setInputFiles(picture('watch/image_0100.jpg'));
  await expect(results(page)).toHaveCount(4);
  expect((await shownPaths(page))[0]).toBe('watch/image_0100.jpg');
});

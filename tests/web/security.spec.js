// What a hostile bundle, picture or page cannot do. docs/security.md says what each test here holds.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test as hosted } from './misbehaving.js';
import {
  chooser, expect, failure, indexFiles, manifest, openBlank, openEngine, openReady, picture, results, shownPaths, test,
  ROOT, SITE,
} from './support.js';
import { serveVectors } from './vectors.js';
import { openWidget } from './widget.js';

const MARKUP = '<img src=x onerror="window.broken = true"><script>window.broken = true</script>';
const HOSTILE_PATHS = [
  'javascript:window.broken=true', '../../../etc/passwd', '/etc/passwd', '//evil.example/a.jpg',
  'https://evil.example/a.jpg', 'a/../../b.jpg', './././c.jpg', '..\\..\\d.jpg', 'e.jpg?x=1#y', '%2e%2e/f.jpg',
  'data:text/html,g', '" onerror="window.broken=true', MARKUP, '{path}', '$&', '..',
];

/* ---- A hostile bundle ---- */

const hostileIndex = (page, info, imageUrl) => serveVectors(page, info, {
  count: HOSTILE_PATHS.length, nlist: 1, imageUrl, ids: HOSTILE_PATHS.map(path => [path, MARKUP]),
});

test('labels and paths of a hostile index are shown as text, and never as markup', async ({ page, problems }, info) => {
  problems.allow(/Failed to load resource/);
  await hostileIndex(page, info, '../images/{path}');
  await openWidget(page, `<heybagh-search index="/vectors/" k="16">
    <template slot="result"><a data-field="link"><b data-field="label"></b> <i data-field="path"></i></a></template>
    </heybagh-search><heybagh-search index="/vectors/" k="16"></heybagh-search>`);
  for (const search of await page.locator('heybagh-search').all()) {
    await search.evaluate(element => element.search(new Float32Array(8).fill(1)));
    const tiles = search.locator('[data-result]');
    await expect(tiles).toHaveCount(HOSTILE_PATHS.length);
    expect(new Set(await tiles.evaluateAll(all => all.map(tile => tile.dataset.path)))).toEqual(new Set(HOSTILE_PATHS));
    await expect(tiles.first()).toContainText(MARKUP);
    expect(await tiles.locator('script, b *, i *').count()).toBe(0);
    const handlers = '[onerror], [onclick], [onload], a:not([href^="http"])';
    expect(await tiles.locator(handlers).count()).toBe(0);
  }
  await expect(page.locator('heybagh-search').first().locator('option').last()).toHaveText(MARKUP);
  expect(await page.evaluate(() => window.broken)).toBeUndefined();
});

test('whatever a path says, its picture is below the address that the index names for pictures', async ({
  page, baseURL,
}, info) => {
  for (const [imageUrl, below] of [['../images/{path}', `${baseURL}images/`], ['{path}', `${baseURL}vectors/`]]) {
    await hostileIndex(page, info, imageUrl);
    await openEngine(page, { index: 'vectors/' });
    const { results: found } = await page.evaluate(() => engine.search(new Float32Array(8).fill(1), { k: 16 }));
    expect(found).toHaveLength(HOSTILE_PATHS.length);
    for (const { path, url } of found) expect(url.startsWith(below), `${path} is at ${url}`).toBe(true);
    expect(found.filter(({ url }) => /[?#]|\/\.\.?(\/|$)/.test(url.slice(below.length)))).toEqual([]);
    await page.evaluate(async () => Promise.all((await caches.keys()).map(name => caches.delete(name))));
    await page.unrouteAll();
  }
});

test('addresses of an index that are not of the web are refused', async ({ page }) => {
  await openEngine(page);
  const wrongs = ['javascript:window.broken=true//{path}', 'data:text/html,{path}', 'blob:x/{path}', 'file:///{path}'];
  for (const wrong of wrongs) {
    for (const change of [json => { json.image_url = wrong; }, json => { json.model.url = wrong; }]) {
      const json = manifest();
      change(json);
      await page.route('**/index.json', route => route.fulfill({ json }));
      expect(await failure(page, 'HeyBagh.load({ index: "bundle/" })')).toMatchObject({ code: 'bad-index' });
      await page.unroute('**/index.json');
    }
  }
  expect(await page.evaluate(() => window.broken)).toBeUndefined();
});

/* ---- The photo ---- */

hosted('a search sends nothing of the photo, and asks for nothing but lists and the pictures that it found', async ({
  page, host,
}) => {
  await openReady(page, './');
  const before = host.requests.length;
  const buffer = readFileSync(picture('camera/image_0003.jpg'));
  const photo = { name: 'secret-name.jpg', mimeType: 'image/jpeg', buffer };
  await chooser(page).setInputFiles(photo);
  const paths = await shownPaths(page);
  await expect.poll(() => results(page).locator('img').evaluateAll(
    images => images.every(image => image.naturalWidth > 0))).toBe(true);
  const asked = host.requests.slice(before);
  const shards = indexFiles().shards.map(name => `/deep/site/bundle/${name}`);
  const pictures = paths.map(path => `/deep/site/images/${path}`);
  expect(asked.length).toBeGreaterThan(4);
  expect(asked.filter(({ path }) => ![...shards, ...pictures].includes(path))).toEqual([]);
  for (const { method, bytes, headers } of host.requests) {
    expect([method, bytes]).toEqual(['GET', 0]);
    expect(headers.cookie).toBeUndefined();
    expect(JSON.stringify(headers)).not.toContain('secret');
  }
});

hosted('a whole visit asks for the program, the bundle, the model and pictures, and for nothing else', async ({
  page, host,
}) => {
  await openReady(page, './');
  await chooser(page).setInputFiles(picture('camera/image_0003.jpg'));
  await shownPaths(page);
  const { files } = manifest();
  const bundle = ['index.json', ...files.map(({ name }) => name)].map(name => `bundle/${name}`);
  const known = name => bundle.includes(name) || /^images\/[\w ]+\/\w+\.jpg$/.test(name)
    || name === 'resnet18-i8.safetensors'
    || /^((engine|lang|page|shared|site|ui)\/)?[\w-]+\.(js|css|html|svg|webmanifest|wasm)$/.test(name);
  expect(host.asked.filter(name => !known(name))).toEqual([]);
});

/* ---- The program ---- */

/** Sources of what runs in a browser. */
const sources = readdirSync(join(ROOT, 'web'), { recursive: true })
  .filter(name => /\.(js|html)$/.test(name) && !name.includes('node_modules') && !name.includes('dist/'))
  .map(name => ({ name, text: readFileSync(join(ROOT, 'web', name), 'utf8') }));

/** Lines of the program's sources in which one of these is found, but for comments. */
const linesWith = patterns => sources.flatMap(({ name, text }) => text.split('\n')
  .filter(line => patterns.some(pattern => pattern.test(line)) && !/^\s*(\/\/|\*|\/\*)/.test(line))
  .map(line => `${name}: ${line.trim()}`));

test('nothing in the program makes code or markup of text', () => {
  const makers = [
    /(?<!unsafe-)\beval\b/, /\bnew Function\b/, /innerHTML|outerHTML|insertAdjacentHTML|setHTML|srcdoc/,
    /document\.write/, /parseFromString|createContextualFragment/, /importScripts/, /set(Timeout|Interval)\(['"`]/, /\.on\w+ = ['"`]/,
    /javascript:/,
  ];
  expect(sources.length).toBeGreaterThan(40);
  expect(linesWith(makers)).toEqual([]);
});

test('nothing in the program can send: no request has a method or a body, and nothing else reaches a network', () => {
  const senders = [
    /\bmethod: '[A-Z]/, /\bbody:/, /XMLHttpRequest|WebSocket|EventSource|WebTransport|RTCPeerConnection/, /sendBeacon/,
    /document\.cookie/, /FormData/, /<form\b/,
  ];
  expect(linesWith(senders)).toEqual([]);
});

test('the engine is given a clock, a line to print and its memory, and nothing else of the browser', async ({
  page,
}) => {
  const allowed = [
    'clock_time_get', 'emscripten_notify_memory_growth', 'environ_get', 'environ_sizes_get', 'fd_write',
    'hardware_concurrency', 'memory', 'proc_exit',
  ];
  const engines = readdirSync(SITE).filter(file => file.endsWith('.wasm'));
  expect(engines).toHaveLength(4);
  await openBlank(page);
  for (const name of engines) {
    const asked = await page.evaluate(async file => WebAssembly.Module.imports(
      await WebAssembly.compile(await (await fetch(file)).arrayBuffer())).map(({ name: imported }) => imported), name);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter(imported => !allowed.includes(imported)), name).toEqual([]);
  }
});

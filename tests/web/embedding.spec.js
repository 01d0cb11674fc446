// The search in pages of other people: the examples of web/examples, other origins, strict policies, sub-paths.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '../bench/server.mjs';
import {
  chooser, embed, expect, failure, openEngine, openReady, picture, shownPaths, test as base, ROOT, SITE,
} from './support.js';

const EXAMPLES = join(ROOT, 'web/examples');
const CAMERA = 'camera/image_0003.jpg';
const SUBPATH = '/some/path/';
const FAVICON = ['/favicon.ico', join(SITE, 'favicon.svg')];
const BLANK = ['/blank.svg', join(SITE, 'favicon.svg')]; // a page
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
  + "img-src 'self' blob: data:; style-src 'none'";
/** What a host sends whose engine pages of other origins may use, and share among threads. */
const SHARED = {
  'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** `start(roots, options)` serves as `serve` does until the test ends; `problems` then allows requests to it. */
const test = base.extend({
  start: async ({ problems }, use) => {
    const servers = [];
    await use(async (roots, options) => {
      const server = await serve([...roots, FAVICON, BLANK], options);
      servers.push(server);
      problems.allow(new RegExp(`^request: GET ${server.address}`));
      return server;
    });
    for (const server of servers) server.close();
  },
});

/** The site below a path, with the examples beside the demo page. */
const site = (path = '/') => [[path, `${SITE}/`], [`${path}examples/`, `${EXAMPLES}/`]];

async function expectSearch(page) {
  await chooser(page).setInputFiles(picture(CAMERA));
  expect((await shownPaths(page))[0]).toBe(CAMERA);
  const loaded = page.locator('[data-result] img');
  await expect.poll(() => loaded.evaluateAll(images => images.every(image => image.naturalWidth > 0))).toBe(true);
}

const workers = page => page.workers().map(worker => worker.url());
const asked = ({ sent }) => sent.map(({ path }) => path).filter(path => path !== FAVICON[0]);

/* ---- Examples ---- */

for (const path of ['/', SUBPATH]) {
  test(`plain.html, with the site at ${path}`, async ({ page, start }) => {
    const server = await start(site(path));
    await page.goto(`${server.address.slice(0, -1)}${path}examples/plain.html`);
    await expectSearch(page);
    expect(asked(server).filter(name => !name.startsWith(path))).toEqual([]);
    expect(readFileSync(join(EXAMPLES, 'plain.html'), 'utf8').match(/^<(script|heybagh).*/gm)).toHaveLength(2);
  });
}

test('the demo page below a path', async ({ page, start }) => {
  const server = await start(site(SUBPATH));
  await openReady(page, `${server.address.slice(0, -1)}${SUBPATH}`);
  await expectSearch(page);
  expect(asked(server).filter(name => !name.startsWith(SUBPATH))).toEqual([]);
});

test('strict-csp.html: no more is needed than its policy', { tag: '@quick' }, async ({ page, start }) => {
  const server = await start(site());
  await page.goto(`${server.address}examples/strict-csp.html`);
  await expectSearch(page);
  expect(workers(page)).toEqual([`${server.address}worker.js`]);
  await expect(page.locator('.drop')).toHaveCSS('display', 'grid'); // it has its style
  const html = readFileSync(join(EXAMPLES, 'strict-csp.html'), 'utf8');
  expect(html.replace(/\s+/g, ' ')).toContain(POLICY);
});

test('the same policy sent by the server, for the Worker, too', async ({ page, start }) => {
  const server = await start(site(), { headers: { 'Content-Security-Policy': POLICY } });
  await page.goto(`${server.address}examples/plain.html`);
  await expectSearch(page);
  expect(workers(page)).toEqual([`${server.address}worker.js`]);
});

/** A folder with cross-origin.html, whose engine is at this server's sub-path. */
function crossOriginPage(testInfo, host) {
  const html = readFileSync(join(EXAMPLES, 'cross-origin.html'), 'utf8');
  const file = testInfo.outputPath('cross-origin.html');
  writeFileSync(file, html.replaceAll('https://search.example/heybagh/', `${host.address.slice(0, -1)}${SUBPATH}`));
  return [['/page.html', file]];
}

test('cross-origin.html: engine, index and pictures from another origin', async ({ page, start }, testInfo) => {
  const host = await start(site(SUBPATH), { headers: { 'Access-Control-Allow-Origin': '*' } });
  const server = await start(crossOriginPage(testInfo, host));
  await page.goto(`${server.address}page.html`);
  await expectSearch(page);
  expect(workers(page)).toEqual([expect.stringMatching(`^blob:${server.address}`)]);
  expect(asked(server)).toEqual(['/page.html']);
});

test('the same under a policy that names that origin', async ({ page, start }, testInfo) => {
  const host = await start(site(SUBPATH), { headers: { 'Access-Control-Allow-Origin': '*' } });
  const { origin } = new URL(host.address);
  const policy = `default-src 'none'; script-src ${origin} 'wasm-unsafe-eval'; worker-src blob: ${origin};
    connect-src ${origin}; img-src ${origin} blob:; style-src 'none'`.replace(/\s+/g, ' ');
  const server = await start(crossOriginPage(testInfo, host), { headers: { 'Content-Security-Policy': policy } });
  await page.goto(`${server.address}page.html`);
  await expectSearch(page);
  expect(workers(page)).toEqual([expect.stringMatching('^blob:')]);
});

/* ---- The engine ---- */

/** An engine of one server, as the global `engine` of a page of another. */
async function openFrom(page, host, server, options = {}) {
  await page.goto(`${server.address}blank.svg`);
  await page.evaluate(async ([address, given]) => {
    window.file = data => new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], 'photo.jpg');
    window.HeyBagh = (await import(`${address}heybagh.js`)).HeyBagh;
    window.engine = await HeyBagh.load({ index: `${address}bundle/`, ...given });
  }, [host.address, options]);
}

const photo = readFileSync(picture(CAMERA));
const info = page => page.evaluate(() => engine.info());

/** The embedding of the photo by an engine of this site. */
async function expected(context) {
  const page = await context.newPage();
  await openEngine(page);
  return embed(page, photo);
}

test('threads of an engine from another origin', async ({ page, context, start }) => {
  await openFrom(page, await start(site(), { headers: SHARED }), await start([], { isolated: true }));
  const cores = await page.evaluate(() => navigator.hardwareConcurrency);
  expect(cores, 'this test needs two processors').toBeGreaterThan(1);
  await expect.poll(async () => {
    await embed(page, photo);
    return (await info(page)).threads;
  }).toBe(Math.min(4, cores));
  expect(await embed(page, photo)).toEqual(await expected(context));
});

const forbid = directives => ({ headers: { 'Content-Security-Policy': directives } });

const WITHOUT_WORKERS = {
  'a policy forbids all Workers': { options: forbid("worker-src 'none'") },
  'a policy forbids the engine\'s Worker by its origin': { options: forbid("worker-src 'self'"), foreign: true },
  'there is no Worker': { script: 'delete window.Worker;' },
  'Workers fail at once': { script: 'window.Worker = class { constructor() { throw new Error("no"); } };' },
  'the page may share memory, and a policy forbids Workers': {
    options: { isolated: true, ...forbid("worker-src 'none'") },
  },
};

for (const [why, { options, script = '', foreign = false }] of Object.entries(WITHOUT_WORKERS)) {
  test(`the engine runs in the page's thread where ${why}`, async ({ page, context, start, problems }) => {
    problems.allow(/Content Security Policy/);
    await page.addInitScript(script);
    const server = await start(site(), options);
    await openFrom(page, foreign ? await start(site(), { headers: SHARED }) : server, server);
    expect(workers(page)).toEqual([]);
    expect(await info(page)).toMatchObject({ threads: 1, build: 'heybagh-relaxed.wasm' });
    expect(await embed(page, photo)).toEqual(await expected(context));
    const found = page.evaluate(data => engine.search(file(data)), photo.toString('base64'));
    expect((await found).results[0].path).toBe(CAMERA);
  });
}

test('an engine in the page\'s thread can be closed, and a missing part is told', async ({ page, start, problems }) => {
  const server = await start(site());
  await page.addInitScript('delete window.Worker;');
  await openFrom(page, server, server);
  const asked = `const answer = engine.embed(file("${photo.toString('base64')}"))`;
  expect(await failure(page, `{ ${asked}; engine.close(); await answer; }`)).toMatchObject({ code: 'closed' });
  expect(await failure(page, 'engine.embed(new File(["a"], "a.jpg"))')).toMatchObject({ code: 'closed' });

  problems.allow(/404/);
  const lacking = await start([...site(), ['/engine/engine-service.js', '/nowhere']]);
  const load = `(await import('${lacking.address}heybagh.js')).HeyBagh.load({ index: '${lacking.address}bundle/' })`;
  await page.goto(`${lacking.address}blank.svg`);
  expect(await failure(page, load)).toMatchObject({ code: 'crashed', message: expect.stringContaining('engine-service.js') });
});

test('an engine in the page\'s thread that is closed fetches no more', async ({ page, start }) => {
  const server = await start(site());
  let lists = 0;
  await page.route('**/lists-*', async route => {
    lists++;
    await new Promise(resolve => setTimeout(resolve, 100));
    await route.continue();
  });
  await page.addInitScript('delete window.Worker;');
  await openFrom(page, server, server, { prefetch: true });
  await page.evaluate(() => engine.close());
  const before = lists;
  await page.waitForTimeout(1000);
  expect(lists).toBeLessThan(before + 3); // two may have been about to be asked for
});

// The site without a network: what it keeps, what it says it lacks, and how a new deployment takes its place.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from './misbehaving.js';
import {
  alert, chooser, expect, indexFiles, manifest, openReady, picture, results, shoot, shownPaths, status, MODEL, ROOT,
} from './support.js';

const CAMERA = 'camera/image_0003.jpg';
const UNLIKE = 'dollar_bill/image_0010.jpg';
const NO_NETWORK = /Failed to load resource: net::ERR_/;

test.use({ serviceWorkers: 'allow' });

const kept = page => page.locator('#kept');
const heading = page => page.getByRole('heading', { level: 2 }).nth(1);

/** Searches with a picture and waits for the page to have kept what it keeps. */
async function visit(page, photo = CAMERA) {
  await openReady(page, './');
  await chooser(page).setInputFiles(picture(photo));
  const paths = await shownPaths(page);
  await expect.poll(() => workers(page)).toMatchObject({ active: 'activated' });
  await expect(kept(page)).toBeVisible();
  return paths;
}

/** The states of the site's service workers. */
const workers = page => page.evaluate(async () => {
  const registration = await navigator.serviceWorker.getRegistration();
  return registration ? { active: registration.active?.state, waiting: registration.waiting?.state } : null;
});

/** The addresses that are kept, by the name of the cache. */
const keptAddresses = page => page.evaluate(async () => Object.fromEntries(await Promise.all(
  (await caches.keys()).map(async name => [name, (await (await caches.open(name)).keys()).map(({ url }) => url)]))));

const addressesOf = (all, pattern) =>
  Object.entries(all).filter(([name]) => pattern.test(name)).flatMap(([, urls]) => urls);

async function searchAllLists(page) {
  await page.getByText('Advanced', { exact: true }).click();
  await page.getByLabel('Search all lists').check();
}

const says = text => source => source.replace("'Most similar'", `'${text}'`);
const SECOND = { 'ui/strings.js': says('Most alike') };
const SECOND_INDEX = { 'bundle/index.json': text => text.replace('{path}', '{path}?second') };

test('the service worker comes after the first answer', async ({ page, host }) => {
  await openReady(page, './');
  await page.waitForTimeout(500);
  expect(host.asked).not.toContain('sw.js');
  expect(await workers(page)).toBe(null);
  await chooser(page).setInputFiles(picture(CAMERA));
  await shownPaths(page);
  await expect.poll(() => workers(page)).toMatchObject({ active: 'activated' });
});

test('the program is kept by the service worker, all else by the engine, and nothing twice', async ({ page, host }) => {
  await visit(page);
  const all = await keptAddresses(page);
  const site = addressesOf(all, /^heybagh-site-/);
  const every = addressesOf(all, /./);
  expect(new Set(every).size).toBe(every.length);
  expect(site.filter(url => /bundle|images|safetensors/.test(url))).toEqual([]);
  expect(site.filter(url => url.endsWith('.wasm'))).toEqual([`${host.url}heybagh-relaxed.wasm`]);
  const program = readdirSync(join(ROOT, 'web'), { recursive: true })
    .filter(name => /\.(html|js|css|svg|webmanifest)$/.test(name) && !name.startsWith('examples/') && name !== 'sw.js');
  expect(site.filter(url => !url.endsWith('.wasm')).sort()).toEqual(program.map(name => host.url + name).sort());
  expect(addressesOf(all, /^heybagh-models-/)).toEqual([expect.stringMatching(MODEL)]);
  expect(addressesOf(all, /^heybagh-manifests-/)).toEqual([`${host.url}bundle/index.json`]);
});

test('without a network the page opens and gives the same answer', { tag: '@quick' }, async ({ page, host, problems }) => {
  problems.allow(NO_NETWORK);
  const before = await visit(page);
  await host.stop();
  await openReady(page, './');
  await chooser(page).setInputFiles(picture(CAMERA));
  expect(await shownPaths(page)).toEqual(before);
  await expect(status(page)).toHaveText(/^Searched .* pictures in .* ms\.$/);
});

test('without a network the page searches the lists that it has, and says so', async ({ page, host, problems }) => {
  problems.allow(NO_NETWORK);
  const before = await visit(page);
  await host.stop();
  await openReady(page, './');
  await chooser(page).setInputFiles(picture(CAMERA));
  await shownPaths(page);
  await searchAllLists(page);
  const { nprobe, nlist } = await page.evaluate(() => document.querySelector('heybagh-search').info());
  await expect(status(page)).toHaveText(/^No connection/);
  const [, lists, planned] = /the (\d+) of (\d+) lists that are saved/.exec(await status(page).textContent());
  expect(Number(lists)).toBeGreaterThanOrEqual(nprobe); // a file may hold several
  expect(Number(lists)).toBeLessThan(3 * nprobe);
  expect(Number(planned)).toBe(nlist);
  expect((await shownPaths(page))[0]).toBe(before[0]);
  await expect(alert(page)).toBeEmpty();
  await shoot(page, 'offline');
});

test('a picture that cannot be had gives its place to its label, until it can', async ({ page, host, problems }) => {
  problems.allow(NO_NETWORK);
  await visit(page);
  await host.stop();
  await openReady(page, './');
  await chooser(page).setInputFiles(picture(CAMERA));
  await shownPaths(page);
  const missing = page.locator('.missing');
  await expect(missing).toHaveCount(4);
  await expect(missing.first()).toHaveText('camera');
  const [place, tile] = [await missing.first().boundingBox(), await results(page).first().boundingBox()];
  expect(place.width / place.height).toBeCloseTo(4 / 3, 1);
  expect(place.width).toBeGreaterThan(0.9 * tile.width);
  await expect(page.locator('.samples')).toBeHidden();
  await host.start();
  await searchAllLists(page);
  await expect(missing).toHaveCount(0);
});

test('when nothing of what is asked for is there, the page says that in a sentence', async ({
  page, host, context, problems,
}) => {
  problems.allow(NO_NETWORK);
  await visit(page);
  await host.stop();
  await context.setOffline(true);
  await openReady(page, './');
  await page.getByText('Advanced', { exact: true }).click();
  await page.getByLabel('Lists to search').fill('1');
  await chooser(page).setInputFiles(picture(UNLIKE));
  await expect(alert(page)).toHaveText(/^No connection, and not everything that this needs is saved/);
});

/** Searches with an engine of its own, and with a picture of the index; hands back the answer or the error's code. */
const searchAlone = (page, options) => page.evaluate(async given => {
  const { HeyBagh } = await import('./heybagh.js');
  window.engine ??= await HeyBagh.load({ index: 'bundle/' });
  window.vector ??= await engine.embed('images/camera/image_0003.jpg');
  return engine.search(window.vector, given).catch(({ code }) => code);
}, options);

test('without a network the engine answers in part if it may', async ({ page, host, problems }) => {
  problems.allow(NO_NETWORK);
  await visit(page);
  const { nprobe, nlist } = manifest();
  const whole = await searchAlone(page, {});
  expect(whole).toMatchObject({ nprobe, planned: nprobe });
  await host.stop();
  let asked = 0;
  page.on('request', request => { asked += request.url().includes('/lists-'); });
  const part = await searchAlone(page, { exact: true, partial: true });
  expect(asked, 'after six that nobody answered no other is asked for twice').toBeLessThan(indexFiles().shards.length + 6);
  expect(part.planned).toBe(nlist);
  expect(part.nprobe).toBeLessThan(nlist);
  expect(part.results[0]).toEqual(whole.results[0]);
  expect(await searchAlone(page, { exact: true })).toBe('download-failed');
  expect(await searchAlone(page, { partial: 'yes' })).toBe('invalid-argument');
  await host.start();
  await expect.poll(() => searchAlone(page, { exact: true, partial: true }))
    .toMatchObject({ nprobe: nlist, scanned: manifest().count });
});

test('with a network a list that is missing is an error, also to who may answer in part', async ({ page, problems }) => {
  problems.allow(/404/);
  await visit(page);
  await searchAlone(page, {});
  await page.route('**/lists-*', route => route.fulfill({ status: 404 }));
  expect(await searchAlone(page, { exact: true, partial: true })).toBe('download-failed');
});

test('index.json is fresh with a network, and without one the last with which all was ready', async ({
  page, host, problems,
}) => {
  problems.allow(/Failed to load resource/);
  await visit(page);
  host.deploy(SECOND_INDEX);
  await visit(page);
  await expect(results(page).first().locator('img')).toHaveAttribute('src', /\?second$/);
  const centroids = manifest().files[manifest().centroids.file].name;
  host.deploy({ 'bundle/index.json': text => text.replace(centroids, 'centroids-0000000000000000.bin') });
  await page.goto('./');
  await expect(alert(page)).not.toBeEmpty();
  await host.stop();
  await openReady(page, './');
  await chooser(page).setInputFiles(picture(CAMERA));
  await shownPaths(page);
});

test('a new deployment is taken at the next visit, as a whole', async ({ page, host, problems }) => {
  problems.allow(NO_NETWORK);
  await visit(page);
  host.deploy(SECOND);
  await visit(page);
  await expect(heading(page)).toHaveText('Most similar');
  await expect.poll(() => workers(page)).toEqual({ active: 'activated', waiting: 'installed' });
  await host.stop();
  await openReady(page, './?q=');
  await expect(heading(page)).toHaveText('Most alike');
  expect(await workers(page)).toEqual({ active: 'activated' });
  await chooser(page).setInputFiles(picture(CAMERA));
  await shownPaths(page);
  const names = Object.keys(await keptAddresses(page)).filter(name => name.startsWith('heybagh-site-'));
  expect(names).toHaveLength(1);
});

test('as long as another tab has the old version, it stays', async ({ page, host, context }) => {
  await visit(page);
  await visit(page);
  host.deploy(SECOND);
  const other = await context.newPage();
  await visit(other);
  await expect.poll(() => workers(other)).toEqual({ active: 'activated', waiting: 'installed' });
  await openReady(page, './');
  await expect(heading(page)).toHaveText('Most similar');
  await other.close();
  await openReady(page, './');
  await expect(heading(page)).toHaveText('Most alike');
});

test('a deployment of which a file is missing or another is not taken', async ({ page, host, problems }) => {
  problems.allow(/integrity|Failed to find a valid digest/);
  await visit(page);
  host.deploy(SECOND);
  host.spoil({ 'ui/tiles.js': text => `${text}\n` });
  const asked = host.asked.length;
  await openReady(page, './');
  await expect.poll(() => host.asked.slice(asked)).toContain('ui/tiles.js');
  await page.waitForTimeout(500);
  expect(await workers(page)).toEqual({ active: 'activated' });
  await openReady(page, './');
  await expect(heading(page)).toHaveText('Most similar');
});

test('the page says how much is kept, and clears it', async ({ page, host, problems }) => {
  problems.allow(NO_NETWORK);
  await visit(page);
  const bytes = await page.evaluate(async () => {
    let sum = 0;
    for (const name of await caches.keys()) {
      for (const response of await (await caches.open(name)).matchAll()) sum += (await response.arrayBuffer()).byteLength;
    }
    return sum;
  });
  expect(bytes).toBeGreaterThan(manifest().model.bytes);
  await page.reload();
  await expect(kept(page)).toContainText(`${(bytes / 1e6).toFixed(1)} MB saved for visits without a network`);
  await shoot(page, 'kept');
  await page.getByRole('button', { name: 'Clear' }).click();
  await expect(kept(page)).toHaveText(/^Nothing is saved/);
  await expect(kept(page)).toBeFocused();
  expect(await keptAddresses(page)).toEqual({});
  expect(await workers(page)).toBe(null);
  await expect(status(page)).toContainText('Ready to search');
  await chooser(page).setInputFiles(picture(CAMERA));
  await shownPaths(page);
  await page.waitForTimeout(500);
  expect(await workers(page)).toBe(null);
  await host.stop();
  expect(await page.goto('./').catch(error => error.message)).toContain('ERR_CONNECTION_REFUSED');
});

test('what other sites of the same host keep stays', async ({ page, host }) => {
  await openReady(page, './');
  const others = ['heybagh-site-1 http://127.0.0.1/deep/ 0', 'other', `heybagh-site-1 ${host.url}inner/ 0`];
  await page.evaluate(names => Promise.all(names.map(name => caches.open(name))), others);
  await visit(page);
  await page.getByRole('button', { name: 'Clear' }).click();
  await expect(kept(page)).toHaveText(/^Nothing is saved/);
  expect(Object.keys(await keptAddresses(page)).sort()).toEqual(others.sort());
});

for (const [what, code] of Object.entries({
  'has no service workers': 'delete Navigator.prototype.serviceWorker;',
  'forbids service workers':
    `ServiceWorkerContainer.prototype.register = async () => { throw new DOMException('no', 'SecurityError'); };`,
  'has no storage': 'Object.defineProperty(self, "caches", { value: undefined });',
  'forbids storage': `for (const name of ['open', 'keys']) {
    CacheStorage.prototype[name] = async () => { throw new DOMException('no', 'SecurityError'); };
  }`,
})) {
  test(`where the browser ${what}, the page searches as ever`, async ({ page }) => {
    await page.addInitScript(code);
    await openReady(page, './');
    await chooser(page).setInputFiles(picture(CAMERA));
    expect((await shownPaths(page))[0]).toBe(CAMERA);
    await page.waitForTimeout(300);
    if (what.includes('storage')) await expect(kept(page)).toBeHidden();
  });
}

test('the page can be installed', async ({ page, context }) => {
  await visit(page);
  const client = await context.newCDPSession(page);
  const { errors, data } = await client.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  expect(JSON.parse(data)).toMatchObject({ short_name: 'HeyBagh', start_url: '.', display: 'standalone' });
  const { installabilityErrors } = await client.send('Page.getInstallabilityErrors');
  expect(installabilityErrors.map(({ errorId }) => errorId).filter(id => id !== 'in-incognito')).toEqual([]);
});

test('the same files make the same sw.js, and others another', ({ host }) => {
  const first = host.read('sw.js');
  host.deploy({});
  expect(host.read('sw.js')).toBe(first);
  host.deploy(SECOND);
  expect(host.read('sw.js')).not.toBe(first);
});

test('a site whose sw.js does not know its files does without it', async ({ page, host }) => {
  host.spoil({ 'sw.js': () => readFileSync(join(ROOT, 'web/sw.js'), 'utf8') });
  await openReady(page, './');
  await chooser(page).setInputFiles(picture(CAMERA));
  await shownPaths(page);
  await expect.poll(() => host.asked).toContain('sw.js');
  await expect.poll(() => workers(page)).toBe(null);
  expect(addressesOf(await keptAddresses(page), /^heybagh-site-/)).toEqual([]);
});

test('where Cache Storage hangs the page opens all the same', async ({ page, host }) => {
  const hangs = `addEventListener('message', ({ data, source }) => {
    if (data !== 'hang') return;
    CacheStorage.prototype.open = () => new Promise(() => {});
    source.postMessage('hangs');
  });`;
  host.spoil({ 'sw.js': text => hangs + text });
  await visit(page);
  await expect.poll(() => workers(page)).toMatchObject({ active: 'activated' });
  await page.reload();
  await page.evaluate(() => new Promise(resolve => {
    navigator.serviceWorker.onmessage = resolve;
    navigator.serviceWorker.controller.postMessage('hang');
  }));
  const started = Date.now();
  await page.reload();
  await expect(status(page)).toContainText('Ready to search');
  expect(Date.now() - started, 'it did hang').toBeGreaterThan(4500);
});

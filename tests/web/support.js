// What the tests share: where things are, a watchful page, the engine without the demo page, and awkward pictures.

import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test as base, expect } from '@playwright/test';
import { ASSETS } from '../assets.mjs';

export { expect };

/* ---- Places ---- */

const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = resolve(HERE, '../..');
export const SITE = join(ROOT, 'build/site');
export const BUILDER = join(ROOT, 'build/native/index-builder');
export const CALTECH = join(ASSETS, 'caltech101/101_ObjectCategories');
export const PHOTOS = ['demo-artwork.jpg', 'demo-large-photo.jpg'].map(name => join(ASSETS, 'photos', name));

/** The path of a picture of the index, such as 'brontosaurus/image_0006.jpg'. */
export const picture = path => join(CALTECH, path);

/** `count` pictures of the index, spread evenly over all of them; the same ones every time. */
export function spread(count) {
  const all = readdirSync(CALTECH).filter(label => label !== 'BACKGROUND_Google').sort()
    .flatMap(label => readdirSync(join(CALTECH, label)).sort().map(name => `${label}/${name}`));
  return Array.from({ length: count }, (_, i) => all[Math.floor((i + 0.5) * all.length / count)]);
}

export const manifest = () => JSON.parse(readFileSync(join(SITE, 'bundle/index.json'), 'utf8'));

/** The names of the files of the index: those that every visitor needs, and the shards with their lists. */
export function indexFiles() {
  const { files, head, centroids, lists } = manifest();
  const name = file => files[file]?.name;
  const shards = [...new Set(lists.map(({ file }) => file))].map(name);
  return { head: name(head?.file), centroids: name(centroids.file), shards, bytes: sizes(files) };
}

const sizes = files => Object.fromEntries(files.map(({ name, bytes }) => [name, bytes]));

/* ---- A page that is watched ---- */

/**
 * Every test fails if the console warns, the page throws, or a request is anything but a GET to this site. A test that
 * provokes such a thing declares it: `problems.allow(/404/)`.
 */
export const test = base.extend({
  problems: [async ({ context, baseURL }, use) => {
    const seen = [];
    const allowed = [];
    context.on('console', message => {
      if (message.text() === 'Service Worker registration blocked by Playwright') return;
      if (['error', 'warning'].includes(message.type())) seen.push(`console: ${message.text()}`);
    });
    context.on('weberror', error => seen.push(`page error: ${error.error()}`));
    context.on('request', request => {
      const local = /^(blob|data):/.test(request.url());
      const ours = request.method() === 'GET' && new URL(request.url()).origin === new URL(baseURL).origin;
      if (!local && !ours) seen.push(`request: ${request.method()} ${request.url()}`);
    });
    await use({ allow: pattern => allowed.push(pattern) });
    expect(seen.filter(problem => !allowed.some(pattern => pattern.test(problem)))).toEqual([]);
  }, { auto: true }],
});

/** Saves how the page looks, for people. */
export function shoot(page, name) {
  return page.screenshot({ path: join(HERE, 'results', `${name}.png`), fullPage: true });
}

/* ---- The demo page ---- */

export const chooser = page => page.locator('input[type=file]');
export const results = page => page.locator('[data-result]');
export const status = page => page.getByRole('status');
export const alert = page => page.locator('[role=alert]'); // also while it is hidden

/** Requests of the model. */
export const MODEL = /\.safetensors/;

/** Keeps the model from arriving until the function that is returned is called. */
export async function holdModel(page) {
  let release;
  const released = new Promise(resolve => { release = resolve; });
  await page.route(MODEL, async route => {
    await released;
    await route.continue();
  });
  return release;
}

export async function openReady(page, address = '/') {
  await page.goto(address);
  await expect(status(page)).toContainText('Ready to search');
}

/** The paths that the page shows, best first, once there are four. */
export async function shownPaths(page) {
  await expect(results(page)).toHaveCount(4);
  return results(page).evaluateAll(items => items.map(item => item.dataset.path));
}

/** A DataTransfer in the page that holds this file, as a drop or a paste brings it. */
export function dataTransfer(page, path) {
  return page.evaluateHandle(({ name, data }) => {
    const transfer = new DataTransfer();
    const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: 'image/jpeg' }));
    return transfer;
  }, { name: basename(path), data: readFileSync(path, 'base64') });
}

/** Makes the Worker run this code before its own. */
export async function patchWorker(page, code) {
  const script = body => ({ contentType: 'text/javascript', body });
  await page.route('**/worker.js', route => route.fulfill(script('import "./patch.js"; import "./worker.js?real";')));
  await page.route('**/patch.js', route => route.fulfill(script(code)));
}

/** For `patchWorker`: a browser that keeps no files for the next visit. */
export const NO_CACHE = 'Object.defineProperty(self, "caches", { value: undefined });';

/* ---- The engine, without the demo page ---- */

/** An empty page of the site, where `HeyBagh` is a global and nothing is loaded. */
export async function openBlank(page) {
  const body = `<!doctype html><title>blank</title>
    <script type="module">import { HeyBagh } from './heybagh.js'; window.HeyBagh = HeyBagh;</script>`;
  await page.route('**/blank.html', route => route.fulfill({ contentType: 'text/html', body }));
  await page.goto('/blank.html');
  await page.waitForFunction(() => window.HeyBagh);
}

/** The same with an engine loaded, the global `engine`; `file(text)` makes a file of base64, `base64(file)` the reverse. */
export async function openEngine(page, options = {}) {
  await openBlank(page);
  await page.evaluate(async given => {
    window.file = data => new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], 'photo.jpg');
    window.base64 = blob => new Promise(resolve => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result.split(',')[1]);
      reader.readAsDataURL(blob);
    });
    window.engine = await HeyBagh.load({ index: 'bundle/', ...given });
  }, options);
}

/** The same without a route, which would switch Chromium's HTTP cache off. */
export async function openEngineAsVisitor(page, options = {}) {
  await page.goto('/favicon.svg');
  await page.evaluate(async given => {
    window.file = data => new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], 'photo.jpg');
    window.progress = [];
    const { HeyBagh } = await import('/heybagh.js');
    const onProgress = progress => window.progress.push(progress);
    window.engine = await HeyBagh.load({ index: '/bundle/', onProgress, ...given });
  }, options);
}

/** Searches picture bytes with the engine of `openEngine`. */
export function search(page, bytes, options) {
  return page.evaluate(([data, given]) => engine.search(file(data), given), [bytes.toString('base64'), options]);
}

/** Embeds picture bytes with the engine of `openEngine`. */
export async function embed(page, bytes) {
  return page.evaluate(async data => Array.from(await engine.embed(file(data))), bytes.toString('base64'));
}

/** Runs a script in the page and hands back how it failed. */
export function failure(page, script) {
  return page.evaluate(source => eval(`(async () => ${source})()`).then(
    () => null,
    error => ({ name: error.name, code: error.code, message: error.message }),
  ), script);
}

/** Of unit vectors. */
export const cosine = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

/* ---- Awkward pictures ---- */

/**
 * The picture as a file of another type, made by the browser of `openEngine`: every pixel as a square of `scale` times
 * `scale`. Quality 1 means a WebP without loss.
 */
export async function convert(page, bytes, type, { quality = 1, scale = 1 } = {}) {
  const data = await page.evaluate(async given => {
    const bitmap = await createImageBitmap(file(given.data), { colorSpaceConversion: 'none' });
    const canvas = new OffscreenCanvas(bitmap.width * given.scale, bitmap.height * given.scale);
    const drawing = canvas.getContext('2d');
    drawing.imageSmoothingEnabled = false;
    drawing.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await canvas.convertToBlob({ type: given.type, quality: given.quality });
    if (blob.type !== given.type) throw new Error(`This browser makes no ${given.type}.`);
    return base64(blob);
  }, { data: bytes.toString('base64'), type, quality, scale });
  return Buffer.from(data, 'base64');
}

/** A JPEG with an Exif segment put in front, that holds nothing but an orientation. */
export function withOrientation(jpeg, orientation, littleEndian = false) {
  const tiff = Buffer.alloc(26);
  const u16 = (value, at) => (littleEndian ? tiff.writeUInt16LE(value, at) : tiff.writeUInt16BE(value, at));
  const u32 = (value, at) => (littleEndian ? tiff.writeUInt32LE(value, at) : tiff.writeUInt32BE(value, at));
  tiff.write(littleEndian ? 'II' : 'MM');
  u16(42, 2);
  u32(8, 4); // the directory follows at once
  u16(1, 8); // and has one entry:
  u16(0x0112, 10); // Orientation,
  u16(3, 12); // a SHORT,
  u32(1, 14); // one of them,
  u16(orientation, 18); // in the first half of the value field
  return withExif(jpeg, tiff);
}

/** A JPEG with an Exif segment put in front. */
export function withExif(jpeg, tiff) {
  const payload = Buffer.concat([Buffer.from('Exif\0\0'), tiff]);
  const head = Buffer.from([0xff, 0xd8, 0xff, 0xe1, (payload.length + 2) >> 8, (payload.length + 2) & 255]);
  return Buffer.concat([head, payload, jpeg.subarray(2)]);
}

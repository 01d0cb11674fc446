// Models that look at all of a picture, or at it in both ways: in the browser as on the command line, bit for bit, also for
// a picture that was cropped before index.json could tell the view.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { serve } from '../bench/server.mjs';
import { expect, picture, spread, test, BUILDER, ROOT, SITE } from './support.js';

const I8 = join(ROOT, 'models/resnet18-i8.safetensors');
const build = (...words) => execFileSync(BUILDER, words, { encoding: 'utf8' });

/** A PPM that is six times as wide as high, with a disc at its end. */
function strip() {
  const width = 600;
  const height = 100;
  const rows = Buffer.alloc(width * height * 3, 200);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) if (Math.hypot(x - 540, y - 50) < 45) rows.fill(20, (y * width + x) * 3, (y * width + x) * 3 + 2);
  }
  return Buffer.concat([Buffer.from(`P6 ${width} ${height} 255\n`), rows]);
}

/** A folder of some pictures, a model with this view, and the bundle that it makes of them. */
function prepare(folder, view) {
  const images = join(folder, 'images');
  for (const path of spread(24)) {
    mkdirSync(join(images, dirname(path)), { recursive: true });
    cpSync(picture(path), join(images, path));
  }
  const model = join(folder, 'model.safetensors');
  build('model', '--weights', I8, '--precision', 'i8', '--calibrate', images, '--view', view, '--out', model);
  build('build', '--model', model, '--images', images, '--out', join(folder, 'bundle'));
  return model;
}

/** Lets index.json wait until the Worker has cropped so many pictures. Returns how many were cropped before it came. */
async function holdIndexUntilCropped(page, count) {
  await page.addInitScript(count => {
    const { postMessage } = Worker.prototype;
    window.crops = 0;
    window.cropped = new Promise(resolve => {
      Worker.prototype.postMessage = function (message, ...rest) {
        if (message.method === 'crop') {
          this.addEventListener('message', ({ data }) => { if (data.id === message.id && ++window.crops === count) resolve(); });
        }
        return postMessage.call(this, message, ...rest);
      };
    });
  }, count);
  let before = 0;
  await page.route('**/bundle/index.json', async route => {
    await page.evaluate(() => window.cropped);
    before = await page.evaluate(() => window.crops);
    await route.continue();
  });
  return () => before;
}

for (const view of ['crop', 'whole', 'both']) {
  test(`a model with the view ${view} embeds in the browser as on the command line`, async ({ page, problems }, testInfo) => {
    problems.allow(/request: GET http:\/\/127\.0\.0\.1/); // of the server below
    const folder = testInfo.outputPath();
    const model = prepare(folder, view);
    const long = join(folder, 'long.ppm');
    writeFileSync(long, strip());
    const server = await serve([
      ['/', `${SITE}/`], ['/favicon.ico', join(SITE, 'favicon.svg')], ['/model.safetensors', model],
      ['/bundle/', `${folder}/bundle/`], ['/images/', `${folder}/images/`],
    ]);
    try {
      const crops = await holdIndexUntilCropped(page, 2);
      await page.goto(`${server.address}favicon.svg`);
      const photos = [picture(spread(3)[1]), long];
      const got = await page.evaluate(async photos => {
        const { HeyBagh } = await import('/heybagh.js');
        const engine = HeyBagh.open({ index: '/bundle/' });
        const files = photos.map(data => new Blob([Uint8Array.from(atob(data), c => c.charCodeAt(0))]));
        const early = await Promise.all(files.map(file => engine.embed(file)));
        const late = await Promise.all(files.map(file => engine.embed(file)));
        return { view: engine.info().view, early: early.map(vector => [...vector]), late: late.map(vector => [...vector]) };
      }, photos.map(path => readFileSync(path, 'base64')));
      expect(await crops()).toBe(2);
      expect(got.view).toBe(view);
      const lines = build('embed', '--model', model, '--index', join(folder, 'bundle'), ...photos).trim().split('\n');
      const native = lines.map(line => JSON.parse(line).embedding.map(Math.fround));
      expect(got.early).toEqual(native);
      expect(got.late).toEqual(native);
    } finally {
      server.close();
    }
  });
}

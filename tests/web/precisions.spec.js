// Models of other precisions than the site's: half and full floats, in the browser as on the command line.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { serve } from '../bench/server.mjs';
import { expect, picture, search, spread, test, BUILDER, ROOT, SITE } from './support.js';

const F32 = join(ROOT, 'models/resnet18-f32.safetensors');
const build = (...words) => execFileSync(BUILDER, words, { encoding: 'utf8' });

/** A folder of some pictures, a model, and the bundle that it makes of them. */
function prepare(folder, precision) {
  const images = join(folder, 'images');
  for (const path of spread(24)) {
    mkdirSync(join(images, dirname(path)), { recursive: true });
    cpSync(picture(path), join(images, path));
  }
  const model = join(folder, `resnet18-${precision}.safetensors`);
  build('model', '--weights', F32, '--precision', precision, '--out', model);
  build('build', '--model', model, '--images', images, '--out', join(folder, 'bundle'));
  return model;
}

for (const precision of ['f16', 'f32']) {
  test(`an ${precision} model answers in the browser as on the command line`, async ({ page, problems }, testInfo) => {
    problems.allow(/request: GET http:\/\/127\.0\.0\.1/); // of the server below
    const folder = testInfo.outputPath();
    const model = prepare(folder, precision);
    const server = await serve([
      ['/', `${SITE}/`], ['/favicon.ico', join(SITE, 'favicon.svg')], [`/${basename(model)}`, model],
      ['/bundle/', `${folder}/bundle/`], ['/images/', `${folder}/images/`],
    ]);
    try {
      await page.goto(`${server.address}favicon.svg`);
      await page.evaluate(async () => {
        window.file = data => new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], 'photo.jpg');
        window.engine = await (await import('/heybagh.js')).HeyBagh.load({ index: '/bundle/' });
      });
      expect(await page.evaluate(() => engine.info().precision)).toBe(precision);
      for (const path of spread(4)) {
        const found = await search(page, readFileSync(picture(path)), { exact: true });
        const native = JSON.parse(build('search', '--model', model, '--index', join(folder, 'bundle'), '--exact', '--json',
          picture(path)));
        expect(found.results.map(result => result.path)).toEqual(native.results.map(result => result.path));
        for (const [i, { score }] of found.results.entries()) expect(score).toBeCloseTo(native.results[i].score, 4);
      }
    } finally {
      server.close();
    }
  });
}

// The browser and the command line are one engine: the same pictures, in the same order, with the same scores.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, openEngine, picture, search, spread, test, BUILDER, PHOTOS, ROOT } from './support.js';

const SAME_SCORE = 1e-4;

function searchNatively(images) {
  const output = execFileSync(BUILDER, [
    'search', '--json', '--model', 'models/resnet18-f32.safetensors', '--index', 'build/site/bundle', ...images,
  ], { cwd: ROOT, encoding: 'utf8' });
  return output.trim().split('\n').map(line => JSON.parse(line));
}

function expectSameAnswer(actual, expected) {
  expect(actual.results.map(({ path, label }) => ({ path, label })))
    .toEqual(expected.results.map(({ path, label }) => ({ path, label })));
  for (const [i, { score }] of expected.results.entries()) {
    expect(Math.abs(actual.results[i].score - score), `score of rank ${i + 1}`).toBeLessThan(SAME_SCORE);
  }
  expect({ nprobe: actual.nprobe, scanned: actual.scanned })
    .toEqual({ nprobe: expected.nprobe, scanned: expected.scanned });
}

test('the browser answers as the command line does, for 30 pictures of the index and two photos', async ({ page }) => {
  const images = [...spread(30).map(picture), ...PHOTOS];
  const expected = searchNatively(images);
  expect(expected.map(({ image }) => image)).toEqual(images);

  await openEngine(page);
  for (const [i, image] of images.entries()) {
    await test.step(image, async () => expectSameAnswer(await search(page, readFileSync(image)), expected[i]));
  }
});

test('both builds of the engine find the same pictures', async ({ page, context }) => {
  await openEngine(page);
  expect(await page.evaluate(() => engine.info().simd)).toBe('relaxed-simd');
  const plain = await context.newPage();
  await openEngine(plain, { simd: 'simd' });
  expect(await plain.evaluate(() => engine.info().simd)).toBe('simd');

  for (const path of spread(10)) {
    const bytes = readFileSync(picture(path));
    expectSameAnswer(await search(plain, bytes), await search(page, bytes));
  }
});

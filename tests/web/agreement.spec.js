// The browser and the command line are one engine: the same pictures, in the same order, with the same scores.

import { readFileSync } from 'node:fs';
import { natively } from './native.js';
import { embed, expect, openEngine, picture, search, spread, test, PHOTOS } from './support.js';

function expectSameAnswer(actual, expected) {
  expect(actual.results.map(({ path, label }) => ({ path, label })))
    .toEqual(expected.results.map(({ path, label }) => ({ path, label })));
  const scores = ({ results }) => results.map(({ score }) => Math.fround(score));
  expect(scores(actual)).toEqual(scores(expected));
  expect({ nprobe: actual.nprobe, scanned: actual.scanned })
    .toEqual({ nprobe: expected.nprobe, scanned: expected.scanned });
}

test('the browser answers as the command line does, for 30 pictures of the index and two photos', async ({ page }) => {
  const images = [...spread(30).map(picture), ...PHOTOS];
  const expected = natively('search', images);
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

// The int8 network is whole numbers up to its last step, and the head adds in a fixed order.
test('both builds of the engine embed to the same bits as the command line', { tag: '@quick' }, async ({ page, context }) => {
  const images = [...spread(12).map(picture), ...PHOTOS];
  const expected = natively('embed', images).map(({ embedding }) => embedding.map(Math.fround));
  const plain = await context.newPage();
  await openEngine(page);
  await openEngine(plain, { simd: 'simd' });
  for (const [i, image] of images.entries()) {
    await test.step(image, async () => {
      expect(await embed(page, readFileSync(image))).toEqual(expected[i]);
      expect(await embed(plain, readFileSync(image))).toEqual(expected[i]);
    });
  }
});

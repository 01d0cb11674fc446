// A camera that was held upright stores its picture lying, and says so in Exif: the engine must see it as people do.

import { readFileSync } from 'node:fs';
import { cosine, embed, expect, openEngine, picture, test, withExif, withOrientation } from './support.js';

const PLAIN = readFileSync(picture('airplanes/image_0100.jpg'));

// How stored pixels come to stand upright, as canvas transforms: w and h are those of the stored picture.
const UPRIGHT = {
  1: () => [1, 0, 0, 1, 0, 0],
  2: w => [-1, 0, 0, 1, w, 0],
  3: (w, h) => [-1, 0, 0, -1, w, h],
  4: (w, h) => [1, 0, 0, -1, 0, h],
  5: () => [0, 1, 1, 0, 0, 0],
  6: (w, h) => [0, 1, -1, 0, h, 0],
  7: (w, h) => [0, -1, -1, 0, h, w],
  8: w => [0, -1, 1, 0, 0, w],
};

/** The embedding of what a canvas makes of the picture under this transform. */
function embedDrawn(page, orientation) {
  return page.evaluate(async ({ data, transformSource, turned }) => {
    const image = await createImageBitmap(file(data));
    const { width: w, height: h } = image;
    const [width, height] = turned ? [h, w] : [w, h];
    const drawing = new OffscreenCanvas(width, height).getContext('2d');
    drawing.setTransform(...eval(transformSource)(w, h));
    drawing.drawImage(image, 0, 0);
    return Array.from(await engine.embed(drawing.getImageData(0, 0, width, height)));
  }, { data: PLAIN.toString('base64'), transformSource: String(UPRIGHT[orientation]), turned: orientation > 4 });
}

test('every orientation gives the embedding of the picture turned by hand', async ({ page }) => {
  await openEngine(page);
  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    await test.step(`orientation ${orientation}`, async () => {
      const tagged = await embed(page, withOrientation(PLAIN, orientation));
      expect(cosine(tagged, await embedDrawn(page, orientation))).toBeGreaterThan(0.99);
    });
  }
});

test('a turned picture is not the picture as it lies', async ({ page }) => {
  await openEngine(page);
  const plain = await embed(page, PLAIN);
  for (const orientation of [3, 6, 8]) {
    expect(cosine(plain, await embed(page, withOrientation(PLAIN, orientation)))).toBeLessThan(0.98);
  }
});

test('both byte orders of Exif say the same', async ({ page }) => {
  await openEngine(page);
  for (const orientation of [3, 6]) {
    const [big, little] = [false, true].map(order => withOrientation(PLAIN, orientation, order));
    expect(cosine(await embed(page, big), await embed(page, little))).toBeGreaterThan(0.99999);
  }
});

test('orientation 1, orientations that do not exist and damaged Exif change nothing', async ({ page }) => {
  await openEngine(page);
  const plain = await embed(page, PLAIN);
  const harmless = [
    ...[1, 0, 9, 65535].map(orientation => withOrientation(PLAIN, orientation)),
    withExif(PLAIN, Buffer.alloc(0)),
    withExif(PLAIN, Buffer.from('MM\0*\xff\xff\xff\xff', 'latin1')), // a directory far outside
    withExif(PLAIN, Buffer.from('MM\0*\0\0\0\x08\xff\xff', 'latin1')), // 65,535 entries, none there
  ];
  for (const bytes of harmless) expect(cosine(plain, await embed(page, bytes))).toBeGreaterThan(0.99999);
});

// A part of a picture is a picture of its own.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import {
  convert, cosine, embed, expect, failure, openEngine, picture, test, withOrientation, BUILDER, ROOT,
} from './support.js';

const BRONTOSAURUS = 'brontosaurus/image_0006.jpg';
const CAMERA = 'camera/image_0003.jpg';
const JPEG = readFileSync(picture(BRONTOSAURUS));
const REGION = { x: 0.1, y: 0.25, width: 0.5, height: 0.6 };
const WHOLE = { x: 0, y: 0, width: 1, height: 1 };

/** The embedding of a region of picture bytes. */
async function embedRegion(page, bytes, region) {
  return page.evaluate(async ([data, part]) => Array.from(await engine.embed(file(data), { region: part })),
    [bytes.toString('base64'), region]);
}

/** The embedding of the region, drawn by the browser and given as a PNG. */
function embedCut(page, bytes, region) {
  return page.evaluate(async ([data, { x, y, width, height }]) => {
    const bitmap = await createImageBitmap(file(data), { colorSpaceConversion: 'none' });
    const [left, right] = [x, x + width].map(edge => Math.round(edge * bitmap.width));
    const [top, bottom] = [y, y + height].map(edge => Math.round(edge * bitmap.height));
    const canvas = new OffscreenCanvas(right - left, bottom - top);
    canvas.getContext('2d').drawImage(bitmap, -left, -top);
    return Array.from(await engine.embed(await canvas.convertToBlob({ type: 'image/png' })));
  }, [bytes.toString('base64'), region]);
}

function embedNatively(path, { x, y, width, height }) {
  const tools = ['--model', 'models/resnet18-i8.safetensors', '--index', 'build/site/bundle'];
  const output = execFileSync(BUILDER, ['embed', ...tools, '--region', `${x},${y},${width},${height}`, path],
    { cwd: ROOT, encoding: 'utf8' });
  return JSON.parse(output).embedding.map(Math.fround);
}

test('a region has the bits of the same part in a PNG of its own', async ({ page }) => {
  await openEngine(page);
  for (const type of ['image/png', 'image/webp']) {
    const bytes = await convert(page, JPEG, type);
    const [right, bottom] = [{ ...WHOLE, x: 0.5, width: 0.5 }, { ...WHOLE, y: 2 / 3, height: 1 / 3 }];
    for (const region of [REGION, right, bottom]) {
      expect(await embedRegion(page, bytes, region)).toEqual(await embedCut(page, bytes, region));
    }
    expect(await embedRegion(page, bytes, WHOLE)).toEqual(await embed(page, bytes));
    expect(cosine(await embedRegion(page, bytes, REGION), await embed(page, bytes))).toBeLessThan(0.95);
  }
});

test('pixels have regions, too', async ({ page }) => {
  await openEngine(page);
  const [part, cut] = await page.evaluate(async ([data, region]) => {
    const bitmap = await createImageBitmap(file(data));
    const drawing = new OffscreenCanvas(200, 100).getContext('2d', { willReadFrequently: true });
    drawing.drawImage(bitmap, 0, 0);
    const embeddings = [
      await engine.embed(drawing.getImageData(0, 0, 200, 100), { region }),
      await engine.embed(drawing.getImageData(20, 25, 100, 60)),
    ];
    return embeddings.map(embedding => Array.from(embedding));
  }, [JPEG.toString('base64'), REGION]);
  expect(part).toEqual(cut);
});

test('in every orientation a region is what people see there, and the command line', async ({ page }, info) => {
  await openEngine(page);
  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    await test.step(`orientation ${orientation}`, async () => {
      const tagged = withOrientation(JPEG, orientation);
      const embedding = await embedRegion(page, tagged, REGION);
      expect(cosine(embedding, await embedCut(page, tagged, REGION))).toBeGreaterThan(0.99);
      const path = info.outputPath(`${orientation}.jpg`);
      writeFileSync(path, tagged);
      expect(embedding).toEqual(embedNatively(path, REGION));
    });
  }
});

test('of two pictures side by side a region finds either', async ({ page }) => {
  await openEngine(page);
  const found = await page.evaluate(async pictures => {
    const [left, right] = await Promise.all(pictures.map(data => createImageBitmap(file(data))));
    const canvas = new OffscreenCanvas(left.width + right.width, Math.max(left.height, right.height));
    const drawing = canvas.getContext('2d');
    drawing.drawImage(left, 0, 0);
    drawing.drawImage(right, left.width, 0);
    const both = await canvas.convertToBlob({ type: 'image/webp', quality: 0.95 });
    const share = left.width / canvas.width;
    const regions = [
      { x: 0, y: 0, width: share, height: left.height / canvas.height },
      { x: share, y: 0, width: 1 - share, height: right.height / canvas.height },
    ];
    const answers = await Promise.all(regions.map(region => engine.search(both, { region, k: 1 })));
    return answers.map(({ results: [{ path }] }) => path);
  }, [BRONTOSAURUS, CAMERA].map(path => readFileSync(picture(path), 'base64')));
  expect(found).toEqual([BRONTOSAURUS, CAMERA]);
});

test('a region that is none is refused in a sentence', async ({ page }) => {
  await openEngine(page);
  await page.evaluate(data => { window.photo = file(data); }, JPEG.toString('base64'));
  const wrong = [
    'null', '1', '[]', '{}', '{ x: 0, y: 0, width: 1 }', '{ x: 0, y: 0, width: 1, height: "1" }',
    '{ x: -0.1, y: 0, width: 1, height: 1 }', '{ x: 0, y: 0, width: 0, height: 1 }',
    '{ x: 0, y: 0.5, width: 1, height: 0.6 }', '{ x: 0.5, y: 0, width: 0.6, height: 1 }',
    '{ x: NaN, y: 0, width: 1, height: 1 }', '{ x: 0, y: 0, width: Infinity, height: 1 }',
    '{ x: 10, y: 10, width: 100, height: 100 }',
  ];
  for (const region of wrong) {
    for (const method of ['search', 'embed']) {
      const error = await failure(page, `engine.${method}(photo, { region: ${region} })`);
      expect(error, region).toMatchObject({ name: 'HeyBaghError', code: 'invalid-argument' });
      expect(error.message, region).toMatch(/region must be.*0 to 1/);
    }
  }
  const tiny = await failure(page, 'engine.search(photo, { region: { x: 0.5, y: 0.5, width: 0.01, height: 0.5 } })');
  expect(tiny).toMatchObject({ code: 'invalid-argument' });
  expect(tiny.message).toMatch(/^The region is 3 x \d+ pixels.*at least 8 x 8/);
  const vector = await failure(page, `engine.embed(photo).then(
    vector => engine.search(vector, { region: { x: 0, y: 0, width: 1, height: 1 } }))`);
  expect(vector).toMatchObject({ code: 'invalid-argument' });
  expect(vector.message).toMatch(/vector/);
});

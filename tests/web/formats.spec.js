// Pictures that the engine does not decode itself: the browser does, and they are found as their PNG is.

import { readFileSync } from 'node:fs';
import { makeAvif } from './avif.js';
import {
  convert, cosine, embed, expect, failure, openEngine, patchWorker, picture, search, test,
} from './support.js';

const BRONTOSAURUS = 'brontosaurus/image_0006.jpg';
const JPEG = readFileSync(picture(BRONTOSAURUS));
const OTHER = readFileSync(picture('airplanes/image_0100.jpg'));

test('a lossless WebP has the same bits as the PNG of its pixels', async ({ page }) => {
  await openEngine(page);
  const webp = await convert(page, JPEG, 'image/webp');
  expect(webp.toString('latin1')).toMatch(/^RIFF....WEBP.*VP8L/s);
  const png = await convert(page, JPEG, 'image/png');
  expect(await embed(page, webp)).toEqual(await embed(page, png));
});

test('a WebP and an AVIF of a picture of the index find it', { tag: '@quick' }, async ({ page }) => {
  await openEngine(page);
  const original = await embed(page, JPEG);
  const files = {
    webp: await convert(page, JPEG, 'image/webp', { quality: 0.8 }),
    avif: await makeAvif(page, JPEG.toString('base64')),
  };
  for (const [name, bytes] of Object.entries(files)) {
    await test.step(name, async () => {
      expect(cosine(await embed(page, bytes), original)).toBeGreaterThan(0.97);
      const { results: [{ path }], timings } = await search(page, bytes);
      expect(path).toBe(BRONTOSAURUS);
      expect(timings.decode).toBeGreaterThan(0.5);
      expect(timings.total).toBeGreaterThan(timings.decode);
    });
  }
});

test('a picture that the browser decodes makes no request', async ({ page }) => {
  await openEngine(page);
  const webp = await convert(page, JPEG, 'image/webp');
  const asked = [];
  page.on('request', request => asked.push(request.url()));
  await embed(page, webp);
  expect(asked).toEqual([]);
});

/** A PNG of the picture whose left third is transparent, and whose right half is half transparent. */
async function erased(page) {
  const data = await page.evaluate(async picture => {
    const bitmap = await createImageBitmap(file(picture));
    const { width, height } = bitmap;
    const canvas = new OffscreenCanvas(width, height);
    const drawing = canvas.getContext('2d');
    drawing.drawImage(bitmap, 0, 0);
    drawing.clearRect(0, 0, width / 3, height);
    drawing.globalCompositeOperation = 'destination-out';
    drawing.fillStyle = 'rgb(0 0 0 / 50%)';
    drawing.fillRect(width / 2, 0, width, height);
    return base64(await canvas.convertToBlob({ type: 'image/png' }));
  }, JPEG.toString('base64'));
  return Buffer.from(data, 'base64');
}

test('transparent parts of a WebP are white, as those of a PNG', async ({ page }) => {
  await openEngine(page);
  const png = await erased(page);
  const embedding = await embed(page, await convert(page, png, 'image/webp'));
  expect(cosine(embedding, await embed(page, png))).toBeGreaterThan(0.999);
  expect(cosine(embedding, await embed(page, JPEG))).toBeLessThan(0.9);
});

test('a colour profile changes nothing, whoever decodes', async ({ page }) => {
  await openEngine(page);
  const [webp, png, plain] = await page.evaluate(async data => {
    const bitmap = await createImageBitmap(file(data));
    const files = [];
    for (const [type, colorSpace] of [['webp', 'display-p3'], ['png', 'display-p3'], ['png', 'srgb']]) {
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const drawing = canvas.getContext('2d', { colorSpace });
      drawing.drawImage(bitmap, 0, 0);
      drawing.fillStyle = 'rgb(255 0 0)'; // in Display P3 less
      drawing.fillRect(0, 0, bitmap.width, bitmap.height / 2);
      files.push(await base64(await canvas.convertToBlob({ type: `image/${type}`, quality: 1 })));
    }
    return files;
  }, JPEG.toString('base64')).then(files => files.map(data => Buffer.from(data, 'base64')));
  expect(webp.toString('latin1')).toContain('ICCP');
  expect(png.toString('latin1')).toContain('iCCP');
  const embedding = await embed(page, webp);
  expect(embedding).toEqual(await embed(page, png));
  expect(embedding).not.toEqual(await embed(page, plain));
});

test('an AVIF that is to be turned is seen turned', async ({ page }) => {
  await openEngine(page);
  const lying = await embed(page, await makeAvif(page, JPEG.toString('base64')));
  const turned = await embed(page, await makeAvif(page, JPEG.toString('base64'), 3));
  const expected = await page.evaluate(async data => {
    const bitmap = await createImageBitmap(file(data));
    const { width, height } = bitmap;
    const drawing = new OffscreenCanvas(height, width).getContext('2d');
    drawing.setTransform(0, 1, -1, 0, height, 0);
    drawing.drawImage(bitmap, 0, 0);
    return Array.from(await engine.embed(drawing.getImageData(0, 0, height, width)));
  }, JPEG.toString('base64'));
  expect(cosine(turned, expected)).toBeGreaterThan(0.97);
  expect(cosine(turned, lying)).toBeLessThan(0.9);
});

const HUGE = 22; // times the sides of the picture, which has 300 x 195 pixels: 28 megapixels

/** The first bytes of a PNG that claims to be so large. */
function pngClaiming(width, height) {
  const bytes = Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR........\x08\x02\0\0\0....\0\0\0\0IDAT....', 'latin1');
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
}

test('a picture too large for the engine is made smaller by the browser', async ({ page }) => {
  await openEngine(page);
  const small = await embed(page, JPEG);
  for (const type of ['image/jpeg', 'image/png', 'image/webp']) {
    await test.step(type, async () => {
      const huge = await convert(page, JPEG, type, { quality: 0.8, scale: HUGE });
      expect(cosine(await embed(page, huge), small)).toBeGreaterThan(0.97);
    });
  }
  expect(await page.evaluate(() => engine.info().heapBytes)).toBeLessThan(160e6);
});

test('a picture too large for the browser is refused before it is decoded', async ({ page }) => {
  await patchWorker(page, 'self.createImageBitmap = () => { throw new Error("decoded"); };');
  await openEngine(page);
  const frame = Buffer.from([0xff, 0xd8, 0xff, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc4, 0, 2, 0xff, 0xc2, 0, 17, 8,
    0x4e, 0x20, 0x4e, 0x20, 3]); // segments, filling, then 20000 x 20000
  for (const bytes of [pngClaiming(20000, 20000), frame]) {
    const error = await failure(page, `engine.embed(file("${bytes.toString('base64')}"))`);
    expect(error).toMatchObject({ name: 'HeyBaghError', code: 'image-too-large' });
    expect(error.message).toMatch(/400 megapixels.*268/);
  }
});

test('what nobody can decode is refused in a sentence, and the next picture works', async ({ page }) => {
  await openEngine(page);
  const webp = await convert(page, JPEG, 'image/webp');
  const refused = [
    [Buffer.from('no picture at all '.repeat(99)), /This is text, not a picture/],
    [Buffer.alloc(999), /not a picture.*JPEG or PNG/],
    [webp.subarray(0, webp.length / 2), /a WebP picture.*JPEG or PNG/],
    [Buffer.concat([webp.subarray(0, 16), Buffer.alloc(1000, 0xa5)]), /a WebP picture.*JPEG or PNG/],
    [Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), /a HEIC picture.*JPEG or PNG/],
    [Buffer.from('II*\0\x08\0\0\0', 'latin1'), /a TIFF picture.*JPEG or PNG/],
    [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"'), /an SVG drawing.*PNG/],
  ];
  for (const [bytes, message] of refused) {
    const error = await failure(page, `engine.search(new File([file("${bytes.toString('base64')}")], "photo.webp"))`);
    expect(error).toMatchObject({ name: 'HeyBaghError', code: 'unsupported-image' });
    expect(error.message).toMatch(message);
  }
  expect((await search(page, webp)).results[0].path).toBe(BRONTOSAURUS);
});

/** A drawing of a photo, as the bytes of a file. */
const drawing = (inside, attributes = 'width="300" height="200"') => Buffer.from(`<?xml version="1.0"?>
  <!-- a comment --><!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg" ${attributes}>${inside}</svg>`);
const PHOTO_INSIDE = `<image width="300" height="200" preserveAspectRatio="none" href="data:image/jpeg;base64,${JPEG.toString('base64')}"/>`;

test('an SVG drawing is seen as the browser draws it, over white', async ({ page }) => {
  await openEngine(page);
  const jpeg = await embed(page, JPEG);
  expect(cosine(await embed(page, drawing(PHOTO_INSIDE)), jpeg)).toBeGreaterThan(0.97);
  const scaled = drawing(PHOTO_INSIDE, 'width="30" height="20" viewBox="0 0 300 200"');
  expect(cosine(await embed(page, scaled), jpeg), 'small drawings are drawn large').toBeGreaterThan(0.97);
  const circle = '<circle cx="150" cy="100" r="60" fill="red"/>';
  const onWhite = await embed(page, drawing(`<rect width="300" height="200" fill="white"/>${circle}`));
  expect(await embed(page, drawing(circle))).toEqual(onWhite);
});

test('an SVG drawing runs no script, and loads nothing', async ({ page }) => {
  await openEngine(page);
  const asked = [];
  page.on('request', request => asked.push(request.url()));
  const hostile = `<script>fetch('/stolen')</script><image href="/images/camera/image_0003.jpg" width="9" height="9"/>
    <style>@import url(/style.css); rect { fill: url(/paint.svg#p) }</style><rect width="99" height="99" onload="fetch('/stolen')"/>`;
  const { dim } = await page.evaluate(() => engine.info());
  expect(await embed(page, drawing(hostile))).toHaveLength(dim);
  expect(asked.filter(url => !url.startsWith('blob:'))).toEqual([]);
});

test('a JPEG that is cut short is refused, although a browser might show half of it', async ({ page }) => {
  await openEngine(page);
  for (const length of [3, 4, 11, 600]) {
    const data = JPEG.subarray(0, length).toString('base64');
    expect(await failure(page, `engine.embed(file("${data}"))`)).toMatchObject({ code: 'corrupt-image' });
  }
});

test('what the engine decodes does not go to the browser', async ({ page }) => {
  await openEngine(page);
  const files = [JPEG, await convert(page, JPEG, 'image/png')];
  const before = await Promise.all(files.map(bytes => embed(page, bytes)));
  await patchWorker(page, 'self.createImageBitmap = () => { throw new Error("decoded"); };');
  await openEngine(page);
  for (const [i, bytes] of files.entries()) expect(await embed(page, bytes)).toEqual(before[i]);
});

const WITHOUT_CANVAS = {
  'has no canvas': 'delete self.OffscreenCanvas;',
  'hands back noise for pixels': `
    const real = OffscreenCanvasRenderingContext2D.prototype.getImageData;
    OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...area) {
      const image = real.apply(this, area);
      image.data.fill(255);
      return image;
    };`,
};

for (const [what, code] of Object.entries(WITHOUT_CANVAS)) {
  test(`where a Worker ${what}, the page decodes to the same bits`, async ({ page }) => {
    await openEngine(page);
    const files = [await convert(page, JPEG, 'image/webp'), JPEG];
    const expected = [await embed(page, files[0]), await embed(page, files[1])];
    await patchWorker(page, code);
    await openEngine(page);
    expect(await embed(page, files[0])).toEqual(expected[0]);
    expect(await embed(page, files[1])).toEqual(expected[1]);
    const error = await failure(page, 'engine.embed(new File(["RIFF    WEBPVP8 "], "a.webp"))');
    expect(error).toMatchObject({ code: 'unsupported-image' });
  });
}

test('a browser that lets nobody read pixels refuses what it would have to decode', async ({ page }) => {
  await openEngine(page);
  const webp = await convert(page, JPEG, 'image/webp');
  const huge = await convert(page, JPEG, 'image/jpeg', { quality: 0.5, scale: HUGE });
  const noise = `
    for (const drawing of [self.OffscreenCanvasRenderingContext2D, self.CanvasRenderingContext2D]) {
      if (drawing) drawing.prototype.getImageData = (x, y, width, height) => new ImageData(width, height);
    }`;
  await patchWorker(page, noise);
  await openEngine(page);
  await page.evaluate(noise);
  const errors = [];
  for (const bytes of [webp, huge]) {
    errors.push(await failure(page, `engine.embed(file("${bytes.toString('base64')}"))`));
  }
  expect(errors[0]).toMatchObject({ code: 'unsupported-image' });
  expect(errors[0].message).toContain('WebP');
  expect(errors[1]).toMatchObject({ code: 'image-too-large' });
});

test('pictures that are asked for at the same time do not get mixed up', async ({ page }) => {
  await openEngine(page);
  const files = await Promise.all([[JPEG, 'image/webp'], [OTHER, 'image/webp'], [JPEG, 'image/png'],
    [OTHER, 'image/png']].map(([bytes, type]) => convert(page, bytes, type)));
  const alone = [];
  for (const bytes of files) alone.push(await embed(page, bytes));
  const together = await page.evaluate(async all => {
    const made = await Promise.all(all.map(data => engine.embed(file(data))));
    return made.map(embedding => Array.from(embedding));
  }, files.map(bytes => bytes.toString('base64')));
  expect(together).toEqual(alone);
});

test('an image may be a data: or a blob: URL', async ({ page }) => {
  await openEngine(page);
  const expected = await embed(page, JPEG);
  const made = await page.evaluate(async data => {
    const blob = URL.createObjectURL(file(data));
    const embeddings = [await engine.embed(`data:image/jpeg;base64,${data}`), await engine.embed(blob)];
    URL.revokeObjectURL(blob);
    window.revoked = blob;
    return embeddings.map(embedding => Array.from(embedding));
  }, JPEG.toString('base64'));
  expect(made).toEqual([expected, expected]);
});

test('a URL that cannot be read says what to do', async ({ page, problems, baseURL }) => {
  problems.allow(/Failed to load resource|CORS policy|localhost|blob/);
  await openEngine(page);
  const elsewhere = new URL(`images/${BRONTOSAURUS}`, baseURL.replace('127.0.0.1', 'localhost')).href;
  const refused = await failure(page, `engine.embed("${elsewhere}")`);
  expect(refused).toMatchObject({ code: 'download-failed' });
  expect(refused.message).toMatch(/localhost.*save the picture and choose the file/);
  const gone = await failure(page, 'engine.embed("blob:http://127.0.0.1/nothing")');
  expect(gone).toMatchObject({ code: 'download-failed' });
  expect(gone.message).toMatch(/nothing at this address/);
});

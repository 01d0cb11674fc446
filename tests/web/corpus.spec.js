// Every picture of tests/corpus in the tab: it is seen as it should be, and as a person sees it in this browser, or it is
// refused in the sentence that it should be.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serveCollection } from './collections.js';
import {
  convert, cosine, embed, expect, failure, openEngine, patchWorker, ROOT, test,
} from './support.js';

const COSINE = 0.98;
const MODEL_FC = join(ROOT, 'build/resnet18-i8-fc.safetensors');
const PICTURES = join(ROOT, 'build/corpus/pictures');
const ANSWERS = join(ROOT, 'build/corpus/answers');

// Debian's own Python, for which Pillow is installed
test.beforeAll(() => {
  execFileSync('/usr/bin/python3', [join(ROOT, 'tests/corpus/make.py'), join(ROOT, 'build/corpus')]);
});

/** What the page does with a picture: `answer`, `shown` (as the browser shows it), or `refusal` with the words for it. */
function expected({ refusal, page, page_refusal: words }) {
  if (page) return { what: page, words };
  return refusal ? { what: 'refusal', words: refusal } : { what: 'answer' };
}

const base64 = (folder, name) => readFileSync(join(folder, name), 'base64');

/** Embeddings of a picture, of its right answer, and of what an `<img>` shows; the last two if there are any. */
function embedAll(page, told) {
  const data = { picture: base64(PICTURES, told.file), answer: told.answer ? base64(ANSWERS, `${told.file}.png`) : null };
  return page.evaluate(async ({ picture, answer }) => {
    const bytes = data => new Blob([Uint8Array.from(atob(data), c => c.charCodeAt(0))]);
    const tell = promise => promise.then(
      embedding => ({ embedding: Array.from(embedding) }), ({ code, message }) => ({ code, message }));
    return {
      picture: await tell(engine.embed(bytes(picture))),
      answer: answer && await tell(engine.embed(bytes(answer))),
      shown: await tell(window.seen(bytes(picture)).then(image => engine.embed(image))),
    };
  }, data);
}

/** Defines `seen(blob)` in the page: the pixels that an `<img>` shows, over white. */
function defineSeen(page) {
  return page.evaluate(() => {
    window.seen = async blob => {
      const image = new Image();
      image.src = URL.createObjectURL(blob);
      await image.decode();
      const { naturalWidth: width, naturalHeight: height } = image;
      const drawing = new OffscreenCanvas(width, height).getContext('2d');
      drawing.fillStyle = 'white';
      drawing.fillRect(0, 0, width, height);
      drawing.drawImage(image, 0, 0);
      URL.revokeObjectURL(image.src);
      return drawing.getImageData(0, 0, width, height);
    };
  });
}

/** What is wrong with how the page takes a picture. */
function problems(told, { picture, answer, shown }) {
  const { what, words } = expected(told);
  if (what === 'refusal') {
    if (picture.embedding) return ['was read'];
    return picture.message.toLowerCase().includes(words.toLowerCase()) ? [] : [`was refused: ${picture.message}`];
  }
  if (!picture.embedding) return [`was refused: ${picture.message}`];
  const away = [];
  const compare = (with_, other) => {
    const similarity = cosine(picture.embedding, other.embedding);
    if (similarity < COSINE) away.push(`has the cosine ${similarity.toFixed(4)} to ${with_}`);
  };
  if (what === 'answer' && answer) compare('its answer', answer);
  if (told.shown && shown.embedding) compare('what is shown', shown);
  if (told.shown && !shown.embedding) away.push('is not shown');
  return away;
}

test('every picture of the corpus is seen as it is shown, or refused in its sentence', async ({ page, problems: watched }, info) => {
  test.setTimeout(600_000);
  watched.allow(/decode|Failed to load resource/); // of what an <img> cannot show
  const corpus = JSON.parse(readFileSync(join(ROOT, 'build/corpus/corpus.json'), 'utf8'));
  expect(corpus.length).toBeGreaterThan(150);
  // By logits, as natively: a head that is learned from a collection shows differences that are not in the pictures' subjects.
  await serveCollection(page, info, { 'one.jpg': 'brontosaurus/image_0006.jpg' }, { model: MODEL_FC, head: 'logits' });
  await openEngine(page, { index: '/own/bundle/' });
  await defineSeen(page);
  const wrong = [];
  for (const told of corpus) {
    const all = await embedAll(page, told);
    wrong.push(...problems(told, all).map(problem => `${told.file} ${problem}`));
  }
  expect(wrong).toEqual([]);
});

/** A browser that turns no PNG and no WebP, as WebKit is: it does not know the names of their EXIF. */
const TURNS_NOTHING = `
  const decode = self.createImageBitmap;
  self.createImageBitmap = async (blob, options) => {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const text = String.fromCharCode(...bytes.subarray(0, 100), ...bytes.subarray(-100));
    for (const name of ['EXIF', 'eXIf']) {
      const at = text.indexOf(name);
      if (at >= 0) bytes[at < 100 ? at : bytes.length - text.length + at] = 'x'.charCodeAt(0);
    }
    return decode(new Blob([bytes]), options);
  };`;

for (const [what, code] of [['turns what it decodes', ''], ['turns nothing', TURNS_NOTHING]]) {
  test(`where a browser ${what}, a WebP with an orientation is seen turned once`, async ({ page }) => {
      await patchWorker(page, code);
    await openEngine(page);
    const embedFile = (folder, name) => embed(page, readFileSync(join(folder, name)));
    for (let orientation = 1; orientation <= 8; orientation++) {
      const name = `exif-${orientation}.webp`;
      const similarity = cosine(await embedFile(PICTURES, name), await embedFile(ANSWERS, `${name}.png`));
      expect(similarity, name).toBeGreaterThan(COSINE);
    }
  });
}

test('where a Worker cannot read pixels, the page asks the browser for what the engine refuses', async ({ page }) => {
  await patchWorker(page, 'delete self.OffscreenCanvas;');
  await openEngine(page);
  await defineSeen(page);
  for (const file of ['gif-no-first-clear.gif', 'jpg-arithmetic.jpg', 'jpg-restart-missing.jpg']) {
    const { picture, answer } = await embedAll(page, { file, answer: true });
    expect(cosine(picture.embedding, answer.embedding), file).toBeGreaterThan(COSINE);
  }
  for (const file of ['jpg-168-rows-with-end.jpg', 'jpg-restarts-not-announced.jpg']) {
    const { picture } = await embedAll(page, { file, answer: false });
    expect(picture.message, file).toContain('less than three quarters'); // though the browser would show them
  }
});

test('a JPEG too large for the engine may lack its end, but not half of its picture', async ({ page }) => {
  await openEngine(page);
  const plain = readFileSync(join(PICTURES, 'jpg-plain.jpg'));
  const huge = await convert(page, plain, 'image/jpeg', { quality: 0.8, scale: 19 }); // 28 megapixels
  const similarity = cosine(await embed(page, huge.subarray(0, -2)), await embed(page, plain));
  expect(similarity).toBeGreaterThan(0.97);
  const half = huge.subarray(0, huge.length / 2).toString('base64');
  const error = await failure(page, `engine.embed(file("${half}"))`);
  expect(error).toMatchObject({ code: 'corrupt-image' });
  expect(error.message).toContain('less than three quarters');
});

/** A browser that hands back what is cut, with the rest in one colour. */
const FILLS_UP = `
  self.createImageBitmap = async () => {
    const canvas = new OffscreenCanvas(320, 240);
    canvas.getContext('2d').fillRect(0, 0, 320, 100);
    return canvas.transferToImageBitmap();
  };`;

test('where a browser fills up what is cut, it is refused all the same', async ({ page }) => {
  await patchWorker(page, FILLS_UP);
  await openEngine(page);
  await defineSeen(page);
  for (const name of ['cut-9-of-10.webp', 'lossless-cut-half.webp', 'cut-half-and-size-put-right.webp', 'cut.avif', 'cut.heic']) {
    const { picture } = await embedAll(page, { file: name, answer: false });
    expect(picture.message, name).toContain('cut short');
  }
});

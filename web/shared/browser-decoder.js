// Picture files to pixels by the browser's own decoder: the formats that the engine does not decode (WebP, AVIF, in
// Safari HEIC), pictures that are too large for its memory, and what it has refused. It runs in the Worker, or in the
// page where a Worker cannot read pixels; page/choose-decoder.js decides.

import { HeyBaghError } from './errors.js';
import { orientationLeft } from './exif-orientation.js';
import { findCut, missingEnd } from './file-end.js';
import { DECODE, within } from './limits.js';
import { pixelsOf, startsWith } from './picture-size.js';

/** @import { Pixels } from './types.js' */

// 1 GiB of memory while it is decoded. As index-builder's own limit, and what a WebP or an AVIF can have at most.
const MAX_PIXELS = 2 ** 28;
// What is larger is made smaller before the engine copies it; what most phones make (4032 x 3024) is not. The network
// sees 256 pixels of the shorter side: of 3 : 2 2887 are kept, so that even a region of a tenth of the sides has them.
const KEPT_PIXELS = 12.5e6;
const KEPT_SIDE = 16384; // of a canvas, in every browser

/** @returns {boolean} if pixels can be read here: there is a canvas, and no guard against fingerprinting spoils it */
export function canReadPixels() {
  const colour = [200, 120, 40];
  try {
    const drawing = startDrawing(1, 1, `rgb(${colour})`);
    const read = drawing.getImageData(0, 0, 1, 1).data;
    return colour.every((value, i) => Math.abs(read[i] - value) < 10);
  } catch {
    return false;
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes of a file
 * @param {boolean} [isDamaged] the engine has refused it for damage, so that what the browser makes of it may lack most
 * @returns {Promise<Pixels | null>} the first frame, the right way up, laid over white; fewer pixels than the picture
 *   has if it is large. null if this browser cannot decode it. Settles within twice DECODE
 * @throws {HeyBaghError} `image-too-large`, `unsupported-image`, `corrupt-image`
 */
export async function decodePicture(bytes, isDamaged = false) {
  checkSize(pixelsOf(bytes) ?? 0);
  if (!canReadPixels()) return null;
  const cut = findCut(bytes);
  if (cut) throw cutShort(cut);
  const end = missingEnd(bytes);
  const bitmap = await decode([bytes]) ?? (end ? await decode([bytes, end]) : null);
  if (!bitmap) return null;
  try {
    const picture = readPixels(bitmap, await orientationLeft(bytes));
    if ((end || isDamaged) && lacksRows(picture, Boolean(end), isJpeg(bytes))) throw incomplete();
    return picture;
  } finally {
    bitmap.close();
  }
}

/** @param {Uint8Array<ArrayBuffer>[]} parts of a file */
function decode(parts) {
  // Colours are taken as the file has them, as the engine takes those of a JPEG or PNG: a profile that comes with a
  // picture must not make another embedding of it than that of its JPEG. Orientation is applied by default; older
  // browsers do not know the option's value that says so.
  const decoded = createImageBitmap(new Blob(parts), { colorSpaceConversion: 'none' }).catch(() => null);
  return within(DECODE, decoded, tooSlow);
}

/**
 * Whether rows are missing from below, where browsers put grey in a JPEG, and leave other pictures transparent, which is
 * white here. White may be the picture's own: of a file that has an end all must be white to be missing.
 *
 * @param {Pixels} picture
 * @param {boolean} isCut the file had no end
 * @param {boolean} isOfJpeg
 */
function lacksRows(picture, isCut, isOfJpeg) {
  const isGrey = (/** @type {number} */ shade) => Math.abs(shade - 128) <= 2;
  const isWhite = (/** @type {number} */ shade) => shade === 255;
  const { height } = picture;
  if (isCut) return 4 * filledRows(picture, shade => isGrey(shade) || isWhite(shade)) > height;
  return isOfJpeg ? 4 * filledRows(picture, isGrey) > height : filledRows(picture, isWhite) === height;
}

/**
 * @param {Pixels} picture
 * @param {(shade: number) => boolean} isFilling
 * @returns {number} how many rows from below are of one such shade each
 */
function filledRows({ pixels, width, height }, isFilling) {
  const isFilled = (/** @type {number} */ y) => {
    const row = pixels.subarray(4 * width * y, 4 * width * (y + 1));
    const first = row[0] ?? 0;
    return isFilling(first) && row.every((value, i) => i % 4 === 3 || value === first);
  };
  let rows = height;
  while (rows > 0 && isFilled(rows - 1)) rows--;
  return height - rows;
}

/** @param {Uint8Array} bytes */
const isJpeg = bytes => startsWith(bytes, '\xff\xd8');

/** @param {string} what it is */
function cutShort(what) {
  const message = `This is ${what} that is cut short. Download or export it again, or save it as JPEG or PNG.`;
  return new HeyBaghError('unsupported-image', message);
}

function incomplete() {
  const message = 'The picture is damaged or incomplete: less than three quarters of it are there; try to download or '
    + 'export it again.';
  return new HeyBaghError('corrupt-image', message);
}

function tooSlow() {
  const message = `This browser did not decode the picture in ${DECODE / 1000} seconds. Save it as a JPEG or PNG.`;
  return new HeyBaghError('unsupported-image', message);
}

/** @param {number} pixels */
function checkSize(pixels) {
  if (pixels <= MAX_PIXELS) return;
  const [size, most] = [pixels, MAX_PIXELS].map(count => Math.round(count / 1e6));
  throw new HeyBaghError('image-too-large', `This picture has ${size} megapixels; up to ${most} can be read.`);
}

/**
 * What makes a picture of w x h upright, by EXIF's number for how it is stored: a canvas' transformation.
 *
 * @type {((w: number, h: number) => [number, number, number, number, number, number])[]}
 */
const UPRIGHT = [
  () => [1, 0, 0, 1, 0, 0], () => [1, 0, 0, 1, 0, 0], w => [-1, 0, 0, 1, w, 0], (w, h) => [-1, 0, 0, -1, w, h],
  (w, h) => [1, 0, 0, -1, 0, h], () => [0, 1, 1, 0, 0, 0], (w, h) => [0, 1, -1, 0, h, 0],
  (w, h) => [0, -1, -1, 0, h, w], w => [0, -1, 1, 0, 0, w],
];

/**
 * @param {ImageBitmap} bitmap
 * @param {number} orientation EXIF's number, as far as the browser has not turned it
 * @returns {Pixels}
 */
function readPixels(bitmap, orientation) {
  const { width: w, height: h } = bitmap;
  const scale = Math.min(1, Math.sqrt(KEPT_PIXELS / (w * h)), KEPT_SIDE / Math.max(w, h));
  const [storedWidth = 1, storedHeight = 1] = [w, h].map(side => Math.max(1, Math.round(side * scale)));
  const [width, height] = orientation > 4 ? [storedHeight, storedWidth] : [storedWidth, storedHeight];
  const drawing = startDrawing(width, height, 'white');
  drawing.setTransform(...(UPRIGHT[orientation] ?? UPRIGHT[1])(storedWidth, storedHeight));
  drawing.imageSmoothingQuality = 'high';
  drawing.drawImage(bitmap, 0, 0, storedWidth, storedHeight);
  const { data } = drawing.getImageData(0, 0, width, height);
  return { pixels: new Uint8Array(data.buffer), width, height };
}

/**
 * A canvas in memory, not on the graphics card, filled with one colour.
 *
 * @param {number} width
 * @param {number} height
 * @param {string} colour
 * @throws {Error} where there is none
 */
export function startDrawing(width, height, colour) {
  const canvas = self.OffscreenCanvas
    ? new OffscreenCanvas(width, height) : Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const drawing = /** @type {OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D | null} */ (context);
  if (!drawing) throw new Error('there is no canvas');
  drawing.fillStyle = colour;
  drawing.fillRect(0, 0, width, height);
  return drawing;
}

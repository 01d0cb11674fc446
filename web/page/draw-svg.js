// SVG drawings to pixels. A browser draws one only as an image of the page: its scripts do not run there, and it can load
// nothing from elsewhere.

import { canReadPixels, startDrawing } from '../shared/browser-decoder.js';
import { HeyBaghError } from '../shared/errors.js';
import { DECODE, within } from '../shared/limits.js';

/** @import { Pixels } from '../shared/types.js' */

const BEGINNING = 4096; // bytes before the root element, as some programs write a long document type
const ROOT = /^(\s|<\?xml[^>]*>|<!--[^]*?-->|<!doctype [^[>]*(\[[^\]]*\]\s*)?>)*<(\w+:)?svg[\s>]/i;

// The network sees 256 pixels of the shorter side; twice as many leave some for a part of the drawing.
const SHORTER_SIDE = 512;
const LONGER_SIDE = 4096;

/**
 * @param {Uint8Array} bytes of a file
 * @returns {boolean} whether it is an SVG drawing
 */
export function isSvg(bytes) {
  return ROOT.test(new TextDecoder().decode(bytes.subarray(0, BEGINNING)));
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes of an SVG file
 * @returns {Promise<Pixels>} the drawing over white. Settles within DECODE
 * @throws {HeyBaghError} `unsupported-image` where this browser cannot draw it, or a page may not read what it draws
 */
export async function drawSvg(bytes) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([bytes], { type: 'image/svg+xml' }));
  try {
    await within(DECODE, image.decode(), cannotDraw);
    return readPixels(image);
  } catch {
    throw cannotDraw();
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

/**
 * @param {HTMLImageElement} image
 * @returns {Pixels}
 */
function readPixels(image) {
  if (!canReadPixels()) throw cannotDraw();
  const sides = [image.naturalWidth, image.naturalHeight];
  const scale = Math.min(Math.max(1, SHORTER_SIDE / Math.min(...sides)), LONGER_SIDE / Math.max(...sides));
  const [width, height] = sides.map(side => Math.max(1, Math.round(side * scale)));
  const drawing = startDrawing(width, height, 'white');
  drawing.drawImage(image, 0, 0, width, height);
  const { data } = drawing.getImageData(0, 0, width, height);
  return { pixels: new Uint8Array(data.buffer), width, height };
}

function cannotDraw() {
  return new HeyBaghError('unsupported-image', 'This is an SVG drawing that this browser cannot draw here; save it as a PNG.');
}

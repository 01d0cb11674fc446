// Who decodes a picture file. It is decided here and nowhere else; others do as they are told.

import { canReadPixels } from '../shared/browser-decoder.js';
import { pixelsOf, startsWith } from '../shared/picture-size.js';

// Each begins as in src/image/format.c.
const ENGINE_FORMATS = ['\xff\xd8\xff', '\x89PNG', 'GIF8', 'BM', 'P1', 'P2', 'P3', 'P4', 'P5', 'P6', 'P7'];
const ENGINE_PIXELS = 25e6; // HB_IMAGE_MAX_PIXELS in include/heybagh.h

/**
 * The engine decodes what it knows and has memory for, so that a picture has the same bits everywhere. All else is for
 * the browser's decoder: in the Worker where pixels can be read there, or else in the page. What neither can decode goes
 * to the engine, which refuses it by the name of its format.
 *
 * @param {Uint8Array} bytes of the file
 * @param {Promise<boolean>} workerReadsPixels waited for only where it matters
 * @returns {Promise<'engine' | 'worker' | 'page'>} the two last with the browser's decoder
 */
export async function chooseDecoder(bytes, workerReadsPixels) {
  if (isForEngine(bytes)) return 'engine';
  if (await workerReadsPixels) return 'worker';
  return canReadPixels() ? 'page' : 'engine';
}

/**
 * @param {Uint8Array} bytes
 * @returns {boolean} false: of another format, or a JPEG or PNG that is too large for the engine's memory
 */
function isForEngine(bytes) {
  return ENGINE_FORMATS.some(magic => startsWith(bytes, magic)) && (pixelsOf(bytes) ?? 0) <= ENGINE_PIXELS;
}

// Decodes a picture, as page/choose-decoder.js has decided, and cuts out the crops that the network sees. A file that the
// engine refuses may still be one that the browser reads.

import { canReadPixels, decodePicture } from '../shared/browser-decoder.js';
import { HeyBaghError } from '../shared/errors.js';
import { TaskQueue } from '../shared/task-queue.js';

/** @import { Picture, PictureFile, Pixels, Region } from '../shared/types.js' */
/** @import { WasmEngine } from './wasm-engine.js' */

const decoding = new TaskQueue(1); // one at a time, as a large picture takes much memory

/**
 * @param {WasmEngine} engine
 * @param {Picture} image
 * @param {Region} [region] default: the whole picture
 * @returns {Promise<{crop: Uint8Array, every: boolean, timings: {decode: number, preprocess: number}}>} crops for
 *   WasmEngine.embed; ms
 * @throws {HeyBaghError} `mayBeRead` if that is for the page to try, as pixels cannot be read here
 */
export async function cropPicture(engine, image, region) {
  const start = performance.now();
  const ready = 'bytes' in image && image.byBrowser ? await decodeByBrowser(image) ?? image : image;
  const waited = performance.now() - start;
  try {
    return cropByEngine(engine, ready, region, waited); // what the browser cannot decode is refused by name
  } catch (error) {
    if (!(error instanceof HeyBaghError && error.mayBeRead && 'bytes' in ready)) throw error;
    return cropRefused(engine, ready, region, error);
  }
}

/**
 * @param {WasmEngine} engine
 * @param {Picture} image
 * @param {Region | undefined} region
 * @param {number} waited for the browser's decoder, in ms
 */
function cropByEngine(engine, image, region, waited) {
  const every = !engine.hasIndex; // those of all views then, of which WasmEngine.embed chooses
  const crop = engine.crop(image, region);
  const { decode, preprocess } = engine.timings();
  return { crop, every, timings: { decode: decode + waited, preprocess } };
}

/**
 * @param {WasmEngine} engine
 * @param {PictureFile} image a file that the engine has refused
 * @param {Region | undefined} region
 * @param {HeyBaghError} refusal
 */
async function cropRefused(engine, image, region, refusal) {
  if (image.byBrowser) refusal.mayBeRead = false; // it was asked first
  if (!refusal.mayBeRead || !canReadPixels()) throw refusal;
  const start = performance.now();
  const decoded = await decodeByBrowser(image, refusal.code === 'corrupt-image');
  refusal.mayBeRead = false;
  if (!decoded) throw refusal;
  return cropByEngine(engine, decoded, region, performance.now() - start);
}

/**
 * @param {PictureFile} image
 * @param {boolean} [isDamaged]
 * @returns {Promise<Pixels | null>}
 */
function decodeByBrowser({ bytes }, isDamaged) {
  return decoding.add(0, () => decodePicture(bytes, isDamaged)).done;
}

// Decodes a picture, as page/choose-decoder.js has decided, and cuts out the crop that the network sees.

import { decodePicture } from '../shared/browser-decoder.js';
import { TaskQueue } from '../shared/task-queue.js';

/** @import { Picture, Region } from '../shared/types.js' */
/** @import { WasmEngine } from './wasm-engine.js' */

const decoding = new TaskQueue(1); // one at a time, as a large picture takes much memory

/**
 * @param {WasmEngine} engine
 * @param {Picture} image
 * @param {Region} [region] default: the whole picture
 * @returns {Promise<{crop: Uint8Array, timings: {decode: number, preprocess: number}}>} ms
 * @throws {import('../shared/errors.js').HeyBaghError}
 */
export async function cropPicture(engine, image, region) {
  const file = 'bytes' in image && image.byBrowser ? image.bytes : null;
  const decoded = file && await decoding.add(0, () => decode(file)).done;
  const crop = engine.crop(decoded?.picture ?? image, region); // the engine names the format that the browser cannot decode
  const { decode: took, preprocess } = engine.timings();
  return { crop, timings: { decode: took + (decoded?.took ?? 0), preprocess } };
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function decode(bytes) {
  const start = performance.now();
  const picture = await decodePicture(bytes);
  return { picture, took: performance.now() - start };
}

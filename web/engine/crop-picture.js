// One picture to the crop of it that the network sees, decoded by the engine or by the browser.

import { decodePicture } from '../shared/browser-decoder.js';
import { isForEngine } from '../shared/formats.js';
import { TaskQueue } from '../shared/task-queue.js';

const decoding = new TaskQueue(1); // a large picture takes much memory

/**
 * @typedef {{bytes?: Uint8Array<ArrayBuffer>, pixels?: Uint8Array, width?: number, height?: number}} Picture a file, or
 *   RGBA
 */

/**
 * @param {import('./wasm-engine.js').WasmEngine} engine
 * @param {Picture} image
 * @param {import('../page/read-image.js').Region} [region] of it; by default the whole
 * @returns {Promise<{crop: Uint8Array, timings: {decode: number, preprocess: number}}>} ms
 * @throws {import('../shared/errors.js').HeyBaghError}
 */
export async function cropPicture(engine, image, region) {
  const isForBrowser = image.bytes && !isForEngine(image.bytes);
  const decoded = isForBrowser ? await decoding.add(0, () => decode(image.bytes)).done : null;
  const crop = engine.crop(decoded?.picture ?? image, region); // what nobody decodes, the engine refuses by name
  const { decode: took, preprocess } = engine.timings();
  return { crop, timings: { decode: took + (decoded?.took ?? 0), preprocess } };
}

async function decode(bytes) {
  const start = performance.now();
  const picture = await decodePicture(bytes);
  return { picture, took: performance.now() - start };
}

// HeyBagh in a page: finds the pictures of an index that look like a photo, without a server. All the work is done in a
// Worker; nothing about the photo is sent anywhere.
//
//   import { HeyBagh } from './heybagh.js';
//   const engine = await HeyBagh.load({ index: 'bundle/' });
//   const { results } = await engine.search(fileInput.files[0]);
//   for (const { label, score, url } of results) …

import { HeyBaghError } from './errors.js';
import { readImage } from './image.js';
import { pictureUrl } from './manifest.js';
import { checkLoadOptions, checkSearchOptions } from './options.js';
import { WorkerClient } from './rpc.js';

export { HeyBaghError };

/**
 * @typedef {import('./image.js').ImageSource} ImageSource a picture file (JPEG, PNG, GIF, BMP, PNM), its address, an
 *   <img> (fetched again from its currentSrc), or pixels
 *
 * @typedef {object} Progress
 * @property {'engine' | 'model' | 'index' | 'ready'} phase
 * @property {number} loaded bytes; in the phase `engine`, whose files are small, parts
 * @property {number} total the same; every phase ends with loaded = total
 * @property {'network'} source
 *
 * @typedef {object} Result
 * @property {number} id of the picture in the index
 * @property {string} path
 * @property {string} label
 * @property {number} score cosine similarity, -1 to 1, larger is nearer
 * @property {string} url absolute URL of the picture
 *
 * @typedef {object} Answer
 * @property {Result[]} results best first; at most k
 * @property {number} nprobe lists that were searched
 * @property {number} scanned pictures that were compared
 * @property {{decode: number, preprocess: number, network: number, head: number, fetch: number, scan: number,
 *   total: number}} timings ms; `fetch` is the download of a picture given by its URL, `total` is all that the caller
 *   waited, with the requests before this one
 */

/** An engine: a model and an index, ready to search. Made by `HeyBagh.load`. */
export class HeyBagh {
  #worker;
  #loaded;
  #indexUrl;
  #heapBytes;

  /**
   * Downloads and starts an engine.
   *
   * @param {object} options
   * @param {string | URL} options.index address of the bundle's folder, relative to the document
   * @param {string | URL} [options.model] address of the model; by default the one that the index names
   * @param {(progress: Progress) => void} [options.onProgress] called about ten times a second
   * @param {'simd' | 'relaxed-simd'} [options.simd] use this build of the engine; by default the fastest that runs
   * @param {number} [options.threads] accepted and ignored: there is one thread for now
   * @returns {Promise<HeyBagh>}
   * @throws {HeyBaghError} any code but `closed`
   */
  static async load(options) {
    const what = checkLoadOptions(options);
    const worker = new WorkerClient();
    try {
      const { value, heapBytes } = await worker.call('load', what, { onProgress: options.onProgress });
      return new HeyBagh(worker, value, what.indexUrl, heapBytes);
    } catch (error) {
      worker.end(error);
      throw error;
    }
  }

  /** @private Use `HeyBagh.load`. */
  constructor(worker, loaded, indexUrl, heapBytes) {
    this.#worker = worker;
    this.#loaded = loaded;
    this.#indexUrl = indexUrl;
    this.#heapBytes = heapBytes;
  }

  /**
   * Finds the pictures that look most like this one.
   *
   * @param {ImageSource} image
   * @param {object} [options]
   * @param {number} [options.k] how many, 1 to 16384; by default 4. Fewer are found where the searched lists hold fewer
   * @param {number} [options.nprobe] lists to search, 1 to nlist; by default what the index recommends
   * @param {boolean} [options.exact] search all lists
   * @param {string[]} [options.labels] only pictures with one of these labels; by default, and if empty, all
   * @param {number} [options.minScore] only results with at least this score, -1 to 1
   * @returns {Promise<Answer>}
   * @throws {HeyBaghError}
   */
  async search(image, options) {
    const start = performance.now();
    const checked = checkSearchOptions(options, this.#loaded.nlist);
    const { fetch, ...picture } = await readImage(image);
    const { results, nprobe, scanned, timings } = await this.#ask('search', picture, { options: checked });
    return {
      results: results.map(result => ({ ...result, url: this.#pictureUrl(result.path) })),
      nprobe,
      scanned,
      timings: { ...timings, fetch, total: performance.now() - start },
    };
  }

  /**
   * @param {ImageSource} image
   * @returns {Promise<Float32Array>} the picture's embedding: `info().dim` numbers of unit length
   * @throws {HeyBaghError}
   */
  async embed(image) {
    return this.#ask('embed', await readImage(image));
  }

  /**
   * @returns {{simd: 'simd' | 'relaxed-simd', modelId: string, head: string, dim: number, count: number, nlist: number,
   *   nprobe: number, heapBytes: number}} `count` pictures in `nlist` lists, of which `nprobe` are searched by default;
   *   `heapBytes` is the engine's memory after the last answer
   */
  info() {
    const { simd, model_id: modelId, head, dim, count, nlist, nprobe } = this.#loaded;
    return { simd, modelId, head, dim, count, nlist, nprobe, heapBytes: this.#heapBytes };
  }

  /** Frees the engine. Calls that wait, and calls that come, fail with the code `closed`. */
  close() {
    this.#worker.end(new HeyBaghError('closed', 'The engine was closed. Load it again.'));
  }

  async #ask(method, { image, transfer }, args) {
    const { value, heapBytes } = await this.#worker.call(method, { ...args, image }, { transfer });
    this.#heapBytes = heapBytes;
    return value;
  }

  #pictureUrl(path) {
    return pictureUrl(this.#loaded.imageUrl, path, this.#indexUrl);
  }
}

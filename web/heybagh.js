// HeyBagh in a page: finds the pictures of an index that look like a photo, without a server. All the work is done in a
// Worker, or in the page's own thread where none can be started; nothing about the photo is sent anywhere.
//
//   import { HeyBagh } from './heybagh.js';
//   const engine = await HeyBagh.load({ index: 'bundle/' });
//   const { results } = await engine.search(fileInput.files[0]);
//   for (const { label, score, url } of results) …

import { HeyBaghError } from './shared/errors.js';
import { readImage } from './page/read-image.js';
import { loadEngine } from './page/loader.js';
import { pictureUrls } from './shared/manifest.js';
import { checkLoadOptions, checkRegion, checkSearchOptions, checkVector } from './page/options.js';
import { EngineClient } from './page/engine-client.js';

export { HeyBaghError };

const IDLE = 100; // ms without a picture after which the engine warms up

/**
 * @typedef {import('./page/read-image.js').ImageSource} ImageSource a picture file, its address (http:, data: or blob:), an <img>
 *   (fetched again from its currentSrc), or pixels. JPEG, PNG, GIF, BMP and PNM are decoded by the engine, to the bits
 *   that index-builder has; WebP, AVIF and whatever else this browser decodes, and JPEG and PNG above 25 megapixels, by
 *   the browser
 *
 * @typedef {import('./page/read-image.js').Region} Region
 *
 * @typedef {object} Progress
 * @property {'engine' | 'model' | 'index' | 'ready'} phase
 * @property {number} loaded bytes; in the phase `engine`, whose files are small, parts
 * @property {number} total the same; every phase ends with loaded = total
 * @property {'network' | 'cache'} source `cache`: all that has come so far was kept from an earlier visit. Of the
 *   engine nobody can tell: the browser's own cache may have answered
 *
 * @typedef {object} Result
 * @property {number} id of the picture in the index
 * @property {string} path
 * @property {string} label
 * @property {number} score cosine similarity, -1 to 1, larger is nearer
 * @property {string} content 16 hex digits that begin the SHA-256 of the picture's file
 * @property {string} url absolute URL of the picture
 * @property {string} thumb absolute URL of its thumbnail, or of the picture if the index has no thumbnails
 *
 * @typedef {object} Answer
 * @property {Result[]} results best first; at most k
 * @property {number} nprobe lists that were searched
 * @property {number} planned lists that should have been; more than `nprobe` only if the search was allowed to be `partial`
 * @property {number} scanned pictures that were compared
 * @property {{decode: number, preprocess: number, network: number, head: number, fetch: number, scan: number,
 *   total: number}} timings ms; `fetch` is the download of a picture given by its URL and the wait for parts of the
 *   index, `total` is all that the caller waited, with the requests before this one
 * @property {number} bytes of the index that this search has fetched over the network; what another search or the
 *   prefetch was fetching already is theirs
 * @property {number} requests that it made for them
 *
 * @typedef {object} EarlyAnswer what is known while parts of the index are still on their way
 * @property {Result[]} results best first; later ones may be better
 * @property {number} nprobe lists that have been searched
 * @property {number} planned lists that will be
 * @property {number} scanned pictures that have been compared
 * @property {false} complete
 */

/** An engine: a model and an index, ready to search. Made by `HeyBagh.load`. */
export class HeyBagh {
  #worker;
  #started;
  #ready;
  #loaded; // once it is ready
  #indexUrl;
  #asked = false;

  /**
   * Downloads and starts an engine. Settles within 20 s of the last 16 KiB that came, five times, and within 60 s of
   * the last word of the Worker (shared/limits.js).
   *
   * @param {object} options
   * @param {string | URL} options.index address of the bundle's folder, relative to the document
   * @param {string | URL} [options.model] address of the model; by default the one that the index names
   * @param {(progress: Progress) => void} [options.onProgress] called about ten times a second
   * @param {number} [options.memory] bytes that searched parts of the index may fill, 0 to 134217728; by default 32 MiB
   * @param {boolean} [options.prefetch] fetch the whole index in the background, for later searches and visits
   * @param {'simd' | 'relaxed-simd'} [options.simd] use this build of the engine; by default the fastest that runs
   * @param {number} [options.threads] compute with at most so many, where the page may share memory between threads (it
   *   is cross-origin isolated) and the model is an int8 one; by default as many as the processor has, at most 4
   * @returns {Promise<HeyBagh>}
   * @throws {HeyBaghError} any code but `closed`
   */
  static async load(options) {
    const engine = HeyBagh.open(options);
    await engine.ready;
    return engine;
  }

  /**
   * The same at once, for who may have a picture before the engine is ready: it is decoded while the model is on its
   * way.
   *
   * @param {Parameters<typeof HeyBagh.load>[0]} options
   * @returns {HeyBagh} whose `search` and `embed` wait for `ready`, and fail as it does
   * @throws {HeyBaghError} `invalid-argument`
   */
  static open(options) {
    const what = checkLoadOptions(options);
    return new HeyBagh(new EngineClient(), what, options.onProgress);
  }

  /**
   * @private Use `HeyBagh.load` or `HeyBagh.open`.
   * @param {EngineClient} worker
   * @param {ReturnType<typeof checkLoadOptions>} what
   * @param {(progress: Progress) => void} [onProgress]
   */
  constructor(worker, what, onProgress = () => {}) {
    const { started, ready } = loadEngine(worker, what, onProgress);
    this.#worker = worker;
    this.#indexUrl = what.indexUrl;
    this.#started = started;
    this.#ready = ready.then(loaded => this.#begin(loaded)).catch(error => {
      worker.end(error);
      throw worker.ended.reason; // what ended it first
    });
    this.#ready.catch(() => {}); // told to all who use the engine
  }

  /** @returns {Promise<void>} when the engine is loaded; fails with any code, with `closed` if it was closed before */
  get ready() {
    return this.#ready;
  }

  /**
   * Finds the pictures that look most like this one, or whose embeddings are nearest to a vector.
   *
   * It settles: six lists at a time are waited for, each for two tries of 20 s for every 16 KiB; the first that cannot
   * be had ends the search, or, if it may be `partial`, leaves the others one try. And a Worker that says nothing for
   * 60 s is ended.
   *
   * @param {ImageSource | Float32Array} image or `info().dim` numbers of any length, such as `embed` makes
   * @param {object} [options]
   * @param {number} [options.k] how many, 1 to 16384; by default 4. Fewer are found where the searched lists hold fewer
   * @param {number} [options.nprobe] lists to search, 1 to nlist; by default what the index recommends
   * @param {boolean} [options.exact] search all lists
   * @param {string[]} [options.labels] only pictures with one of these labels; by default, and if empty, all. More
   *   lists than nprobe are searched if they hold fewer than k such pictures
   * @param {Region} [options.region] only this part of the picture, as if it were a picture of its own; at least 8
   *   pixels wide and high
   * @param {number} [options.minScore] only results with at least this score, -1 to 1
   * @param {boolean} [options.partial] without a network, answer with the lists that were kept from earlier searches, if
   *   there is one of those that are wanted; by default that fails as `download-failed`
   * @param {(answer: EarlyAnswer) => void} [options.onResults] told what is found before all is searched, if the search
   *   must wait for parts of the index: first when the nearest has come, then up to 20 times a second
   * @returns {Promise<Answer>}
   * @throws {HeyBaghError}
   */
  async search(image, options) {
    const start = performance.now();
    const region = checkRegion(options?.region);
    const { timings: { fetch, ...before }, transfer, ...query } = await this.#readQuery(image, region);
    const checked = checkSearchOptions(options, this.#loaded.nlist);
    const onResults = options?.onResults;
    const onProgress = found => onResults(this.#early(found));
    const asked = { options: checked, early: Boolean(onResults) };
    const answer = await this.#worker.call('search', { ...asked, ...query }, { transfer, onProgress });
    const { timings } = answer;
    return {
      ...answer,
      results: this.#withUrls(answer.results),
      timings: { ...before, ...timings, fetch: fetch + timings.fetch, total: performance.now() - start },
    };
  }

  /**
   * Settles as `search` does.
   *
   * @param {ImageSource} image
   * @param {object} [options]
   * @param {Region} [options.region] embed only this part of the picture, as `search` does
   * @returns {Promise<Float32Array>} the picture's embedding: `info().dim` numbers of unit length
   * @throws {HeyBaghError}
   */
  async embed(image, options) {
    const { crop, transfer } = await this.#crop(image, checkRegion(options?.region));
    return this.#worker.call('embed', { crop }, { transfer });
  }

  /**
   * What is loaded, and what it took: as of the last answer, and of the end of the prefetch. Not before it is ready.
   *
   * @returns {{build: string, simd: 'simd' | 'relaxed-simd', threads: number, precision: 'f32' | 'f16' | 'i8' | '',
   *   modelId: string, head: string, storage: string, dim: number, count: number, nlist: number, nprobe: number, labels: string[],
   *   heapBytes: number, shards: {bytes: number, files: number}, network: {bytes: number, requests: number},
   *   cached: {bytes: number, files: number}}} `count` pictures in `nlist` lists, of which `nprobe` are searched by
   *   default; for an index of ready-made vectors `modelId` and `precision` are '' and `head` is 'none'; `heapBytes` is
   *   the engine's memory, `shards` what it holds of the lists; `network` and `cached` tell where head, centroids and
   *   lists came from
   */
  info() {
    if (!this.#loaded) throw new HeyBaghError('invalid-argument', 'Nothing is known of an engine that is not ready.');
    const { build, simd, precision, model_id: modelId, head, storage, dim, count, nlist, nprobe, labels } = this.#loaded;
    const known = { build, simd, precision, modelId, head, storage, dim, count, nlist, nprobe, labels };
    return structuredClone({ ...known, ...this.#worker.usage });
  }

  /** Frees the engine. Calls that wait, and calls that come, fail with the code `closed`. */
  close() {
    this.#worker.end(new HeyBaghError('closed', 'The engine was closed. Load it again.'));
  }

  #begin(loaded) {
    this.#loaded = loaded;
    setTimeout(() => {
      const hasModel = loaded.precision !== '';
      if (hasModel && !this.#asked) this.#worker.call('warmUp').catch(() => {}); // a search will tell
    }, IDLE);
  }

  async #readQuery(image, region) {
    if (!(image instanceof Float32Array)) return this.#crop(image, region);
    if (region) throw new HeyBaghError('invalid-argument', 'region is for pictures; a vector has none.');
    await this.#ready;
    const vector = checkVector(image, this.#loaded.dim);
    return { vector, transfer: [vector.buffer], timings: { fetch: 0, decode: 0, preprocess: 0 } };
  }

  /** Before the engine is ready, so that only the network is left to be run then. */
  async #crop(image, region) {
    this.#asked = true;
    const started = this.#started.catch(() => this.#ready.then(() => false));
    started.catch(() => {}); // waited for below, if the picture can be read
    const { transfer, fetch, image: picture } = await readImage(image, started);
    await started;
    const { crop, timings } = await this.#worker.call('crop', { image: picture, region }, { transfer });
    await this.#ready;
    return { crop, transfer: [crop.buffer], timings: { fetch, ...timings } };
  }

  /** @returns {EarlyAnswer} */
  #early({ results, nprobe, planned, scanned }) {
    return { results: this.#withUrls(results), nprobe, planned, scanned, complete: false };
  }

  #withUrls(results) {
    return results.map(result => ({ ...result, ...pictureUrls(this.#loaded, result, this.#indexUrl) }));
  }
}

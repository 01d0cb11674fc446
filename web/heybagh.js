// HeyBagh in a page: finds the pictures of an index that look like a photo, without a server. A Worker does the work, or
// the page's own thread where no Worker can start. Nothing about the photo is sent anywhere.
//
//   import { HeyBagh } from './heybagh.js';
//   const engine = await HeyBagh.load({ index: 'bundle/' });
//   const { results } = await engine.search(fileInput.files[0]);
//   for (const { label, score, url } of results) …

import { HeyBaghError } from './shared/errors.js';
import { pictureUrls } from './shared/manifest.js';
import { EngineClient } from './page/engine-client.js';
import { loadEngine } from './page/loader.js';
import { checkLoadOptions, checkRegion, checkSearchOptions, checkVector } from './page/options.js';
import { readImage } from './page/read-image.js';

export { HeyBaghError };

// shared/types.d.ts documents these types, with units and defaults.
/**
 * @typedef {import('./shared/types.js').Answer} Answer
 * @typedef {import('./shared/types.js').EarlyAnswer} EarlyAnswer
 * @typedef {import('./shared/types.js').EmbedOptions} EmbedOptions
 * @typedef {import('./shared/types.js').ImageSource} ImageSource
 * @typedef {import('./shared/types.js').Info} Info
 * @typedef {import('./shared/types.js').LoadOptions} LoadOptions
 * @typedef {import('./shared/types.js').Progress} Progress
 * @typedef {import('./shared/types.js').Region} Region
 * @typedef {import('./shared/types.js').Result} Result
 * @typedef {import('./shared/types.js').SearchOptions} SearchOptions
 * @typedef {import('./shared/types.js').Timings} Timings
 */

/** @import { Found } from './engine/wasm-engine.js' */
/** @import { Loaded } from './page/loader.js' */
/** @import { Start } from './page/options.js' */
/** @import { ReadImage } from './page/read-image.js' */

const IDLE = 100; // ms to wait for a picture before the engine warms up

/** An engine with a model and an index. `HeyBagh.load` makes one. */
export class HeyBagh {
  #worker;
  #started;
  #ready;
  /** @type {Promise<Loaded>} */
  #loading;
  /** @type {Loaded | null} once it is ready */
  #loaded = null;
  #indexUrl;
  #asked = false;

  /**
   * Downloads and starts an engine. It gives up when a download stalls for 20 s, which may happen five times for the model
   * and twice for other files, or when the Worker does not answer for 60 s (shared/limits.js).
   *
   * @param {LoadOptions} options
   * @returns {Promise<HeyBagh>}
   * @throws {HeyBaghError} with any code but `closed`
   */
  static async load(options) {
    const engine = HeyBagh.open(options);
    await engine.ready;
    return engine;
  }

  /**
   * Starts an engine and returns it at once, before it is ready. A picture can be decoded while the model is still being
   * downloaded.
   *
   * @param {LoadOptions} options
   * @returns {HeyBagh} its `search` and `embed` wait for `ready`, and fail if it fails
   * @throws {HeyBaghError} `invalid-argument`
   */
  static open(options) {
    const what = checkLoadOptions(options);
    return new HeyBagh(new EngineClient(), what, options.onProgress);
  }

  /**
   * @private Use `HeyBagh.load` or `HeyBagh.open`.
   * @param {EngineClient} worker
   * @param {Start} what
   * @param {(progress: Progress) => void} [onProgress]
   */
  constructor(worker, what, onProgress = () => {}) {
    const { started, ready } = loadEngine(worker, what, onProgress);
    this.#worker = worker;
    this.#indexUrl = what.indexUrl;
    this.#started = started;
    this.#loading = ready.catch(error => {
      worker.end(error);
      throw worker.ended.reason; // the first reason, if there are several
    });
    this.#ready = this.#loading.then(loaded => this.#begin(loaded));
    this.#ready.catch(() => {}); // every method reports it
  }

  /** @returns {Promise<void>} settles when the engine is loaded; may reject with any code, `closed` if it was closed before */
  get ready() {
    return this.#ready;
  }

  /**
   * Finds the pictures that look most like an image, or whose embeddings are nearest to a vector.
   *
   * The promise always settles. Six lists are downloaded at a time. A list fails when it stalls for 20 s twice; the search
   * then fails, or, if it may be `partial`, goes on with one try for each remaining list. A Worker that does not answer
   * for 60 s is ended.
   *
   * @param {ImageSource | Float32Array} image or a vector of `info().dim` numbers and any length but 0, such as from `embed`
   * @param {SearchOptions} [options]
   * @returns {Promise<Answer>}
   * @throws {HeyBaghError}
   */
  async search(image, options) {
    const start = performance.now();
    const region = checkRegion(options?.region);
    const { timings: { fetch, ...before }, transfer, ...query } = await this.#readQuery(image, region);
    const loaded = await this.#loading;
    const checked = checkSearchOptions(options, loaded.nlist);
    const onResults = options?.onResults;
    /** @param {Found} found */
    const onProgress = ({ results, nprobe, planned, scanned }) => onResults?.({
      results: this.#withUrls(loaded, results), nprobe, planned, scanned, complete: false,
    });
    const asked = { options: checked, early: Boolean(onResults) };
    const answer = await this.#worker.call('search', { ...asked, ...query }, { transfer, onProgress });
    const { timings } = answer;
    return {
      ...answer,
      results: this.#withUrls(loaded, answer.results),
      timings: { ...before, ...timings, fetch: fetch + timings.fetch, total: performance.now() - start },
    };
  }

  /**
   * Computes a picture's embedding. The promise always settles, as in `search`.
   *
   * @param {ImageSource} image
   * @param {EmbedOptions} [options]
   * @returns {Promise<Float32Array>} `info().dim` numbers, a vector of unit length
   * @throws {HeyBaghError}
   */
  async embed(image, options) {
    const { crop, every, transfer } = await this.#crop(image, checkRegion(options?.region));
    return this.#worker.call('embed', { crop, every }, { transfer });
  }

  /**
   * Returns what is loaded and what was downloaded for it, up to the last answer or the end of the prefetch.
   *
   * @returns {Info}
   * @throws {HeyBaghError} `invalid-argument` if the engine is not ready
   */
  info() {
    if (!this.#loaded) throw new HeyBaghError('invalid-argument', 'The engine is not ready. Wait for ready before you call info().');
    const { build, simd, precision, model_id: modelId, view, head, storage, dim, count, nlist, nprobe, labels, about } = this.#loaded;
    const known = { build, simd, precision, modelId, view, head, storage, dim, count, nlist, nprobe, labels, about };
    return structuredClone({ ...known, ...this.#worker.usage });
  }

  /** Frees the engine. Pending and later calls fail with the code `closed`. */
  close() {
    this.#worker.end(new HeyBaghError('closed', 'The engine was closed. Load it again.'));
  }

  /** @param {Loaded} loaded */
  #begin(loaded) {
    this.#loaded = loaded;
    setTimeout(() => {
      const hasModel = loaded.precision !== '';
      if (hasModel && !this.#asked) this.#worker.call('warmUp').catch(() => {}); // the next search reports it
    }, IDLE);
  }

  /**
   * @param {ImageSource | Float32Array} image
   * @param {Region} [region]
   */
  async #readQuery(image, region) {
    if (!(image instanceof Float32Array)) return this.#crop(image, region);
    if (region) throw new HeyBaghError('invalid-argument', 'region applies to pictures, not to a vector.');
    const vector = checkVector(image, (await this.#loading).dim);
    return { vector, transfer: [vector.buffer], timings: { fetch: 0, decode: 0, preprocess: 0 } };
  }

  /**
   * Decodes and crops the picture, also before the engine is ready: then only the network is left to do. Before index.json
   * has told the model's view it gets the crops of every view.
   *
   * @param {ImageSource} image
   * @param {Region} [region]
   */
  async #crop(image, region) {
    this.#asked = true;
    const started = this.#started.catch(() => this.#ready.then(() => false));
    started.catch(() => {}); // awaited below, if the picture can be read
    const { fetch, ...read } = await readImage(image, started);
    await started;
    const { timings, ...crops } = await this.#cropRead(read, region);
    await this.#ready;
    return { ...crops, transfer: [crops.crop.buffer], timings: { fetch, ...timings } };
  }

  /**
   * What the engine refuses the Worker gives to the browser's decoder; where it cannot, this thread does.
   *
   * @param {Omit<ReadImage, 'fetch'>} read
   * @param {Region} [region]
   */
  async #cropRead({ image, transfer, decode }, region) {
    try {
      return await this.#worker.call('crop', { image, region }, { transfer });
    } catch (error) {
      if (!(error instanceof HeyBaghError && error.mayBeRead)) throw error;
      const pixels = await decode?.(error.code === 'corrupt-image');
      if (!pixels) throw error;
      return this.#worker.call('crop', { image: pixels, region }, { transfer: [pixels.pixels.buffer] });
    }
  }

  /**
   * @param {Loaded} templates
   * @param {Found['results']} results
   * @returns {Result[]}
   */
  #withUrls(templates, results) {
    return results.map(result => ({ ...result, ...pictureUrls(templates, result, this.#indexUrl) }));
  }
}

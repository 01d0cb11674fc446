// HeyBagh in a page: finds the pictures of an index that look like a photo, without a server. All the work is done in a
// Worker, or in the page's own thread where none can be started; nothing about the photo is sent anywhere.
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

// The shapes of what goes in and comes out, with units and defaults: shared/types.d.ts.
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

const IDLE = 100; // ms without a picture after which the engine warms up

/** An engine: a model and an index, ready to search. Made by `HeyBagh.load`. */
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
   * Downloads and starts an engine. Settles within 20 s of the last 16 KiB that came, five times, and within 60 s of
   * the last word of the Worker (shared/limits.js).
   *
   * @param {LoadOptions} options
   * @returns {Promise<HeyBagh>}
   * @throws {HeyBaghError} any code but `closed`
   */
  static async load(options) {
    const engine = HeyBagh.open(options);
    await engine.ready;
    return engine;
  }

  /**
   * Starts an engine and hands it over at once, for callers who may have a picture before it is ready: the picture is
   * decoded while the model is on its way.
   *
   * @param {LoadOptions} options
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
      throw worker.ended.reason; // what ended it first
    });
    this.#ready = this.#loading.then(loaded => this.#begin(loaded));
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
   * Settles as `search` does.
   *
   * @param {ImageSource} image
   * @param {EmbedOptions} [options]
   * @returns {Promise<Float32Array>} the picture's embedding: `info().dim` numbers of unit length
   * @throws {HeyBaghError}
   */
  async embed(image, options) {
    const { crop, transfer } = await this.#crop(image, checkRegion(options?.region));
    return this.#worker.call('embed', { crop }, { transfer });
  }

  /**
   * What is loaded, and what it took: as of the last answer, and of the end of the prefetch.
   *
   * @returns {Info}
   * @throws {HeyBaghError} `invalid-argument` before it is ready
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

  /** @param {Loaded} loaded */
  #begin(loaded) {
    this.#loaded = loaded;
    setTimeout(() => {
      const hasModel = loaded.precision !== '';
      if (hasModel && !this.#asked) this.#worker.call('warmUp').catch(() => {}); // a search will tell
    }, IDLE);
  }

  /**
   * @param {ImageSource | Float32Array} image
   * @param {Region} [region]
   */
  async #readQuery(image, region) {
    if (!(image instanceof Float32Array)) return this.#crop(image, region);
    if (region) throw new HeyBaghError('invalid-argument', 'region is for pictures; a vector has none.');
    const vector = checkVector(image, (await this.#loading).dim);
    return { vector, transfer: [vector.buffer], timings: { fetch: 0, decode: 0, preprocess: 0 } };
  }

  /**
   * Before the engine is ready, so that only the network is left to be run then.
   *
   * @param {ImageSource} image
   * @param {Region} [region]
   */
  async #crop(image, region) {
    this.#asked = true;
    const started = this.#started.catch(() => this.#ready.then(() => false));
    started.catch(() => {}); // waited for below, if the picture can be read
    const { fetch, ...read } = await readImage(image, started);
    await started;
    const { crop, timings } = await this.#cropRead(read, region);
    await this.#ready;
    return { crop, transfer: [crop.buffer], timings: { fetch, ...timings } };
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
      const pixels = error instanceof HeyBaghError && error.mayBeRead ? await decode?.() : null;
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

// Receives the page's calls and answers each under its id. It holds one engine. Pictures are embedded in the order in which
// they arrive. While the browser decodes a picture, or a search waits for lists, other calls go on.
//
//   call          {id, method, args}
//   answer        {id, progress}*  then  {id, value, usage}  or  {id, error: {code, message, mayBeRead}}
//   notification  {usage}  when the prefetch has ended
//
// The page starts it step by step (page/loader.js): `start`, then `open`, then `obtain` and `model`, then `finish`. Pictures
// can be cropped after `start`; all other methods need `finish`.

import { canReadPixels } from '../shared/browser-decoder.js';
import { HeyBaghError } from '../shared/errors.js';
import { cropPicture } from './crop-picture.js';
import { IndexFiles } from './index-files.js';
import { prefetch } from './prefetch.js';
import { searchIndex } from './search-index.js';
import { ShardStore } from './shard-store.js';
import { startWasm } from './start-wasm.js';

/** @import { Build, Picture, Region, Source, Usage } from '../shared/types.js' */
/** @import { Found, Query, WasmEngine } from './wasm-engine.js' */

/** @typedef {Exclude<keyof EngineService, 'usage'>} Method what the page can call */

const NOT_EMBEDDED = { network: 0, head: 0 };

/**
 * Answers the calls that arrive at a port, with a new engine.
 *
 * @param {Pick<MessagePort, 'postMessage' | 'onmessage'>} line a Worker's scope, or a port
 * @param {AbortSignal} [ended] aborted when the page no longer listens; not needed in a Worker, which is terminated
 */
export function serve(line, ended) {
  const service = new EngineService(() => line.postMessage({ usage: service.usage }), ended);
  line.onmessage = async ({ data }) => {
    /** @type {{id: number, method: Method, args: never}} */
    const { id, method, args } = data; // engine-client.js sends the arguments that the method takes
    /** @param {unknown} progress */
    const report = progress => line.postMessage({ id, progress });
    try {
      const value = await service[method](args, report);
      line.postMessage({ id, value, usage: service.usage });
    } catch (error) {
      const { code, message, mayBeRead } = error instanceof HeyBaghError ? error : crash(error);
      line.postMessage({ id, error: { code, message, mayBeRead } });
    }
  };
}

/** The methods that the page can call. Each takes one object, and some report their progress. */
export class EngineService {
  /** @type {WasmEngine | null} after `start` */
  #started = null;
  /** @type {{files: IndexFiles, shards: ShardStore} | null} after `open` */
  #opened = null;
  #onPrefetched;
  #ended;

  /**
   * @param {() => void} onPrefetched called when the prefetch has ended
   * @param {AbortSignal} [ended] stops the prefetch
   */
  constructor(onPrefetched, ended) {
    this.#onPrefetched = onPrefetched;
    this.#ended = ended;
  }

  get #engine() {
    return there(this.#started);
  }

  get #index() {
    return there(this.#opened);
  }

  /** @returns {Usage | undefined} undefined before `open` */
  get usage() {
    if (!this.#opened) return undefined;
    const { files: { network, cached }, shards } = this.#opened;
    const { heapBytes, threads } = this.#engine;
    return { heapBytes, threads, shards: shards.usage, network: { ...network }, cached: { ...cached } };
  }

  /**
   * @param {Build} build
   * @returns {Promise<boolean>} whether the browser's decoder can be used here
   */
  async start(build) {
    this.#started = await startWasm(build);
    return canReadPixels();
  }

  /**
   * @param {{bytes: Uint8Array, folder: string, memory: number}} manifest index.json, the absolute URL of its folder, and
   *   the bytes of memory that lists may fill
   * @returns {number} bytes that `obtain` will download
   */
  open({ bytes, folder, memory }) {
    this.#engine.parseManifest(bytes);
    const files = new IndexFiles(this.#engine, folder);
    this.#opened = { files, shards: new ShardStore(this.#engine, files, memory) };
    return files.neededBytes;
  }

  /**
   * @param {{}} _
   * @param {(progress: {bytes: number, source: Source}) => void} report
   */
  obtain(_, report) {
    return this.#index.files.obtainNeeded((bytes, source) => report({ bytes, source }));
  }

  /** @param {{bytes: number, port: MessagePort}} model its size, and the port on which its pieces arrive */
  async model({ bytes, port }) {
    const room = this.#engine.takeModel(bytes);
    await new Promise(resolve => {
      port.onmessage = ({ data }) => room.fill(data) && resolve(null);
    });
    port.close();
    room.give();
  }

  /** Does nothing. The answer shows that the Worker is alive. */
  ping() {}

  /** @param {{prefetch: boolean}} options */
  finish({ prefetch: wanted }) {
    const { files, shards } = this.#index;
    this.#engine.start();
    files.prune();
    if (wanted) prefetch(files, shards, this.#ended).then(this.#onPrefetched);
    return this.#engine.info();
  }

  warmUp() {
    this.#engine.warmUp();
  }

  /** @param {{image: Picture, region?: Region}} what */
  crop({ image, region }) {
    return cropPicture(this.#engine, image, region);
  }

  /** @param {{crop: Uint8Array, every: boolean}} picture from `crop` */
  embed({ crop, every }) {
    return this.#engine.embed(crop, every);
  }

  /**
   * @param {{crop?: Uint8Array, every?: boolean, vector?: Float32Array, options: Query & {partial: boolean},
   *   early: boolean}} query with `crop` and `every`, or `vector`; `early`: report the results so far while lists are still
   *   being downloaded
   * @param {(found: Found) => void} report
   */
  async search({ crop, every, vector, options, early }, report) {
    const query = vector ?? this.#engine.embed(there(crop), every);
    const { network, head } = vector ? NOT_EMBEDDED : this.#engine.timings();
    const found = await searchIndex(this.#engine, this.#index.shards, query, options, early ? report : undefined);
    const { results, nprobe, planned, scanned, scan, waited, traffic } = found;
    return { results, nprobe, planned, scanned, timings: { network, head, fetch: waited, scan }, ...traffic };
  }
}

/**
 * @template T
 * @param {T | null | undefined} part of the service or of a call
 * @returns {T}
 * @throws {Error} if it does not exist yet; the page never calls so early
 */
function there(part) {
  if (!part) throw new Error('a method was called too early');
  return part;
}

/**
 * Wraps an unexpected error, such as a wasm trap. After it, the engine's memory may hold anything.
 *
 * @param {unknown} error
 */
function crash(error) {
  const why = error instanceof Error ? error.message : error;
  return new HeyBaghError('crashed', `The engine crashed (${why}). Load it again.`);
}

// One file of the index: from the cache or the network into the engine, which verifies it.

import { FileCache } from '../shared/file-cache.js';
import { isUnanswered, readExactly, request } from '../shared/download.js';
import { HeyBaghError } from '../shared/errors.js';
import { BACK_OFF, pause } from '../shared/limits.js';
import { checkFiles } from '../shared/manifest.js';

const CACHE = 'heybagh-index-1';
const WORTH_A_RETRY = ['download-failed', 'bad-download', 'bad-index'];

/**
 * @typedef {{bytes: number, requests: number}} Traffic what came over the network, broken downloads with it
 */

/** The files of a bundle, by their number in the engine. */
export class IndexFiles {
  #engine;
  #folder;
  #files;
  #cache = new FileCache(CACHE);
  #isAway = false; // nobody answered, twice: of other files that would be no news

  /** @type {Traffic} of all files together */
  network = { bytes: 0, requests: 0 };
  /** What was found in the cache, and was whole. */
  cached = { bytes: 0, files: 0 };

  /**
   * @param {import('./wasm-engine.js').WasmEngine} engine
   * @param {string} folder absolute URL of the bundle
   */
  constructor(engine, folder) {
    this.#engine = engine;
    this.#folder = folder;
    this.#list();
  }

  /** @returns {number} bytes of the files that must be given before the start */
  get neededBytes() {
    return this.#files.reduce((sum, { bytes, needed }) => sum + (needed ? bytes : 0), 0);
  }

  /**
   * Obtains head, centroids and, of a large index, the table that names the files of its lists.
   *
   * @param {(bytes: number, source: 'cache' | 'network') => void} onBytes told of each
   * @throws {HeyBaghError} as `obtain`, or `bad-index`
   */
  async obtainNeeded(onBytes) {
    await Promise.all(this.#files.map(async ({ bytes, needed }, i) => {
      if (needed) onBytes(bytes, await this.obtain(i));
    }));
    this.#list();
  }

  /** Removes from the cache what the bundle has no more. */
  prune() {
    return this.#cache.prune(this.#folder, this.#files.map(({ name }) => name));
  }

  /** @returns {number[]} the files of lists, of which a search takes what it needs */
  get shards() {
    return [...this.#files.keys()].filter(i => !this.#files[i].needed);
  }

  /** @returns {number} bytes of file `i` */
  size(i) {
    return this.#files[i].bytes;
  }

  /** @returns {Promise<boolean>} if file `i` is kept for the next visit */
  isCached(i) {
    return this.#cache.has(this.#files[i].url);
  }

  /**
   * Gives file `i` to the engine, which must not have it. Settles within twice STALL, longer only while more than
   * STALL_BYTES come in each STALL.
   *
   * @param {number} i
   * @param {object} [how]
   * @param {Traffic} [how.traffic] is added to
   * @param {RequestPriority} [how.priority] of the request
   * @returns {Promise<'cache' | 'network'>} where it came from
   * @throws {HeyBaghError} `download-failed`, `bad-download`, `bad-index`: naming the file, after a second try
   */
  async obtain(i, { traffic, priority } = {}) {
    if (await this.#takeFromCache(i)) return 'cache';
    const counters = traffic ? [this.network, traffic] : [this.network];
    try {
      await this.#download(i, counters, { priority });
    } catch (error) {
      if (!isWorthARetry(error) || (this.#isAway && isUnanswered(error))) throw error;
      await pause(BACK_OFF);
      await this.#downloadAgain(i, counters, priority);
    }
    this.#isAway = false;
    return 'network';
  }

  #list() {
    const files = this.#engine.files();
    checkFiles(files);
    this.#files = files.map(file => ({ ...file, url: new URL(file.name, this.#folder).href }));
  }

  async #takeFromCache(i) {
    const { bytes, url } = this.#files[i];
    const body = await this.#cache.read(url);
    if (!body) return false;
    try {
      this.#engine.giveFile(i, body);
    } catch (error) {
      if (!isWorthARetry(error)) throw error;
      await this.#cache.remove(url);
      return false;
    }
    this.cached.files++;
    this.cached.bytes += bytes;
    return true;
  }

  async #downloadAgain(i, counters, priority) {
    try {
      await this.#download(i, counters, { priority, cache: 'reload' }); // the HTTP cache may hold what was damaged
    } catch (error) {
      this.#isAway = isUnanswered(error);
      throw error;
    }
  }

  async #download(i, counters, options) {
    const { name, bytes, url } = this.#files[i];
    for (const counter of counters) counter.requests++;
    const body = await readExactly(await request(url, name, options), name, bytes, received => {
      for (const counter of counters) counter.bytes += received;
    });
    this.#engine.giveFile(i, body);
    this.#cache.write(url, body);
  }
}

/** @returns {boolean} whether a file that could not be had may be had when it is asked for again */
export function isWorthARetry(error) {
  return error instanceof HeyBaghError && WORTH_A_RETRY.includes(error.code);
}

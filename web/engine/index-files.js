// Brings files of the index into the engine, from the cache or the network. The engine verifies them.

import { isUnanswered, readExactly, request } from '../shared/download.js';
import { HeyBaghError } from '../shared/errors.js';
import { FileCache } from '../shared/file-cache.js';
import { BACK_OFF, pause } from '../shared/limits.js';
import { checkFiles } from '../shared/manifest.js';

/** @import { Source, Traffic } from '../shared/types.js' */
/** @import { IndexFile, WasmEngine } from './wasm-engine.js' */

const CACHE = 'heybagh-index-1';
const WORTH_A_RETRY = ['download-failed', 'bad-download', 'bad-index'];

/**
 * @typedef {object} How
 * @property {Traffic} [traffic] counts this download
 * @property {RequestPriority} [priority] of the request
 */

/** The files of a bundle, under the numbers that the engine gives them. */
export class IndexFiles {
  #engine;
  #folder;
  /** @type {(IndexFile & {url: string})[]} */
  #files;
  #cache = new FileCache(CACHE);
  #isAway = false; // a request had no answer twice, so others are not repeated

  /** @type {Traffic} of all files */
  network = { bytes: 0, requests: 0 };
  /** Files that were in the cache, and intact. */
  cached = { bytes: 0, files: 0 };

  /**
   * @param {WasmEngine} engine
   * @param {string} folder absolute URL of the bundle
   */
  constructor(engine, folder) {
    this.#engine = engine;
    this.#folder = folder;
    this.#files = this.#list();
  }

  /** @returns {number} bytes of the files that the engine needs before it starts */
  get neededBytes() {
    return this.#files.reduce((sum, { bytes, needed }) => sum + (needed ? bytes : 0), 0);
  }

  /**
   * Obtains head, centroids and, if there is one, the table that names the files of lists.
   *
   * @param {(bytes: number, source: Source) => void} onBytes called for each file
   * @throws {HeyBaghError} the errors of `obtain`, or `bad-index`
   */
  async obtainNeeded(onBytes) {
    await Promise.all(this.#files.map(async ({ bytes, needed }, i) => {
      if (needed) onBytes(bytes, await this.obtain(i));
    }));
    this.#files = this.#list();
  }

  /** Deletes files from the cache that the bundle no longer has. */
  prune() {
    return this.#cache.prune(this.#folder, this.#files.map(({ name }) => name));
  }

  /** @returns {number[]} the files of lists; a search takes those that it needs */
  get shards() {
    return [...this.#files.keys()].filter(i => !this.#files[i].needed);
  }

  /**
   * @param {number} i
   * @returns {number} bytes of file `i`
   */
  size(i) {
    return this.#files[i].bytes;
  }

  /**
   * @param {number} i
   * @returns {Promise<boolean>} whether file `i` is saved
   */
  isCached(i) {
    return this.#cache.has(this.#files[i].url);
  }

  /**
   * Gives file `i` to the engine, which must not have it yet. Settles within twice STALL, or later if more than STALL_BYTES
   * arrive in each STALL.
   *
   * @param {number} i
   * @param {How} [how]
   * @returns {Promise<Source>} where it came from
   * @throws {HeyBaghError} `download-failed`, `bad-download` or `bad-index`, with the name of the file, after a second try
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
    return files.map(file => ({ ...file, url: new URL(file.name, this.#folder).href }));
  }

  /** @param {number} i */
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

  /**
   * @param {number} i
   * @param {Traffic[]} counters
   * @param {RequestPriority} [priority]
   */
  async #downloadAgain(i, counters, priority) {
    try {
      await this.#download(i, counters, { priority, cache: 'reload' }); // the HTTP cache may hold the damaged file
    } catch (error) {
      this.#isAway = isUnanswered(error);
      throw error;
    }
  }

  /**
   * @param {number} i
   * @param {Traffic[]} counters
   * @param {RequestInit} options
   */
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

/**
 * @param {unknown} error
 * @returns {boolean} whether a second download may help
 */
export function isWorthARetry(error) {
  return error instanceof HeyBaghError && WORTH_A_RETRY.includes(error.code);
}

// Saves files of indexes and models for the next visit, in the browser's Cache Storage. It may be missing (pages without
// https), forbidden, full, broken or slow. After any failure it is not used again, and the failure is never reported.
// Reads settle within STORAGE. Writes take as long as they take, and nothing waits for them.

import { STORAGE, within } from './limits.js';

const TYPE = { 'Content-Type': 'application/octet-stream' };

/** Saves files under their address. It contains their hash, so a saved file is never out of date. */
export class FileCache {
  /** @type {Promise<Cache | null>} null if there is no cache, or not any more */
  #opened;

  /** @param {string} name of the cache */
  constructor(name) {
    this.#opened = openCache(name);
  }

  /**
   * @param {string} url absolute
   * @returns {Promise<Uint8Array<ArrayBuffer> | null>} null if it is not saved
   */
  async read(url) {
    const body = await this.#ask(async cache => (await cache.match(url))?.arrayBuffer());
    return body ? new Uint8Array(body) : null;
  }

  /**
   * @param {string} url absolute
   * @returns {Promise<boolean>}
   */
  async has(url) {
    return Boolean(await this.#ask(cache => cache.match(url)));
  }

  /**
   * @param {string} url absolute
   * @param {Uint8Array<ArrayBuffer>} bytes already verified
   */
  async write(url, bytes) {
    await this.#try(cache => cache.put(url, new Response(bytes, { headers: TYPE })));
  }

  /**
   * Saves a file and deletes the copies whose addresses differ only in the query.
   *
   * @param {string} url absolute
   * @param {Blob} blob already verified
   */
  async replace(url, blob) {
    await this.#try(async cache => {
      await cache.delete(url, { ignoreSearch: true });
      await cache.put(url, new Response(blob, { headers: TYPE }));
    });
  }

  /** @param {string} url absolute */
  async remove(url) {
    await this.#ask(cache => cache.delete(url));
  }

  /**
   * Deletes the files of a bundle that its index.json no longer names.
   *
   * @param {string} folder URL of the bundle; files in its sub-folders are left alone
   * @param {string[]} names of the files to keep
   */
  async prune(folder, names) {
    const stay = new Set(names);
    await this.#try(async cache => {
      for (const request of await cache.keys()) {
        const name = request.url.startsWith(folder) ? request.url.slice(folder.length) : '/';
        if (!name.includes('/') && !stay.has(name)) await cache.delete(request);
      }
    });
  }

  /**
   * @template T
   * @param {(cache: Cache) => Promise<T>} use
   */
  async #use(use) {
    const cache = await this.#opened;
    return cache && use(cache);
  }

  /**
   * @template T
   * @param {(cache: Cache) => Promise<T>} use
   * @returns {Promise<T | null>}
   */
  #ask(use) {
    return this.#try(use, asked => within(STORAGE, asked, () => new Error('too slow')));
  }

  /**
   * @template T
   * @param {(cache: Cache) => Promise<T>} use
   * @param {(asked: Promise<T | null>) => Promise<T | null>} [wait]
   * @returns {Promise<T | null>}
   */
  async #try(use, wait = asked => asked) {
    try {
      return await wait(this.#use(use));
    } catch {
      this.#opened = Promise.resolve(null);
      return null;
    }
  }
}

/** @param {string} name */
async function openCache(name) {
  try {
    return await caches.open(name);
  } catch {
    return null;
  }
}

// Files of indexes and models, kept for the next visit in the browser's Cache Storage. It may be missing (pages without
// https), forbidden, full, broken or too slow: whatever goes wrong means that there is no cache from then on, and is
// never an error. What is asked of it settles within STORAGE; what is written takes the time that it takes, and nobody
// waits.

import { STORAGE, within } from './limits.js';

const TYPE = { 'Content-Type': 'application/octet-stream' };

/** Keeps bodies by their address, which holds their hash: what is found is never out of date. */
export class FileCache {
  /** @type {Promise<Cache | null>} of null if there is none, or no more */
  #opened;

  /** @param {string} name of the cache */
  constructor(name) {
    this.#opened = openCache(name);
  }

  /**
   * @param {string} url absolute
   * @returns {Promise<Uint8Array<ArrayBuffer> | null>} null if it is not kept
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
   * @param {Uint8Array<ArrayBuffer>} bytes that have been verified
   */
  async write(url, bytes) {
    await this.#try(cache => cache.put(url, new Response(bytes, { headers: TYPE })));
  }

  /**
   * Keeps a body in place of the copies whose addresses differ only in the query.
   *
   * @param {string} url absolute
   * @param {Blob} blob of bytes that have been verified
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
   * Removes the files of one bundle that its index.json names no more.
   *
   * @param {string} folder the bundle's, absolute; what lies in folders inside it is not its own
   * @param {string[]} names of the files that stay
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

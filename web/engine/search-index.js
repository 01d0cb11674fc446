// Searches an index while its lists are still being downloaded.

import { isUnanswered } from '../shared/download.js';

/** @import { Traffic } from '../shared/types.js' */
/** @import { ShardStore } from './shard-store.js' */
/** @import { Found, Query, WasmEngine } from './wasm-engine.js' */

/**
 * @param {WasmEngine} engine
 * @param {ShardStore} shards
 * @param {Float32Array} query unit length
 * @param {Query & {partial: boolean}} options
 * @param {(found: Found) => void} [onFound] called with the results so far, if the search has to wait
 * @returns {Promise<Found & {waited: number, traffic: Traffic}>} `waited`: ms spent waiting for shards. A partial search
 *   scans fewer lists than planned
 * @throws {import('../shared/errors.js').HeyBaghError}
 */
export async function searchIndex(engine, shards, query, { partial, ...options }, onFound) {
  const search = engine.startSearch(query, options);
  const traffic = { bytes: 0, requests: 0 };
  const absent = new Absent(partial);
  let waited = 0;
  try {
    let missing = search.run();
    shards.touch(search.files());
    while (missing.length > 0) { // a filter may plan further lists when all are scanned
      const [nearest] = missing;
      let since = performance.now();
      for await (const _ of shards.arrivals(missing, traffic, (i, error) => absent.add(i, error))) {
        waited += performance.now() - since;
        missing = search.run();
        if (missing.length > 0 && missing[0] !== nearest) onFound?.(search.answer());
        since = performance.now();
      }
      missing = absent.without(missing);
    }
    const answer = search.answer();
    if (answer.nprobe === 0) absent.complain();
    return { ...answer, waited, traffic };
  } finally {
    search.free();
  }
}

/** The shards that a partial search skips because no server answered. */
class Absent {
  #allowed;
  /** @type {Set<number>} */
  #shards = new Set();
  /** @type {Error | null} why the first one is missing */
  #error = null;

  /** @param {boolean} allowed */
  constructor(allowed) {
    this.#allowed = allowed;
  }

  /**
   * @param {number} i
   * @param {unknown} error
   * @returns {boolean} false if the search may not skip it
   */
  add(i, error) {
    if (!this.#allowed || !isUnanswered(error)) return false;
    this.#shards.add(i);
    this.#error ??= error;
    return true;
  }

  /** @param {number[]} shards */
  without(shards) {
    return shards.filter(i => !this.#shards.has(i));
  }

  /** @throws {import('../shared/errors.js').HeyBaghError} the reason why the first one is missing */
  complain() {
    if (this.#error) throw this.#error;
  }
}

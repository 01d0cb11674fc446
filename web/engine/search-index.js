// One search over an index that arrives while it is searched.

import { isUnanswered } from '../shared/download.js';

/**
 * @typedef {object} Found as the engine answers
 * @property {{id: number, path: string, label: string, score: number, content: string}[]} results
 * @property {number} nprobe lists scanned so far
 * @property {number} planned lists that will be, as far as is known
 * @property {number} scanned pictures compared
 * @property {number} scan ms
 */

/**
 * @param {import('./wasm-engine.js').WasmEngine} engine
 * @param {import('./shard-store.js').ShardStore} shards
 * @param {Float32Array} query unit length
 * @param {object} options as `WasmEngine#startSearch` takes them, and `partial`
 * @param {(found: Found) => void} [onFound] told what is found before the search is done, if it has to wait
 * @returns {Promise<Found & {waited: number, traffic: import('./index-files.js').Traffic}>} `waited` for shards, in ms;
 *   fewer lists scanned than planned if it is partial
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

/** The shards that a partial search does without, as nobody answered who could send them. */
class Absent {
  #allowed;
  #shards = new Set();
  #error = null;

  constructor(allowed) {
    this.#allowed = allowed;
  }

  /** @returns {boolean} false if the search cannot do without it */
  add(i, error) {
    if (!this.#allowed || !isUnanswered(error)) return false;
    this.#shards.add(i);
    this.#error ??= error;
    return true;
  }

  without(shards) {
    return shards.filter(i => !this.#shards.has(i));
  }

  /** @throws {import('../shared/errors.js').HeyBaghError} why the first is absent */
  complain() {
    if (this.#error) throw this.#error;
  }
}

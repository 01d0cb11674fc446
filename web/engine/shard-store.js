// Keeps files of lists (shards) in the engine's memory. A shard is fetched when a search needs it, once however many searches
// wait for it, and released when memory gets short.

import { TaskQueue } from '../shared/task-queue.js';
import { isWorthARetry } from './index-files.js';
import { ShardBatch } from './shard-batch.js';

/** @import { Job } from '../shared/task-queue.js' */
/** @import { Traffic } from '../shared/types.js' */
/** @import { How, IndexFiles } from './index-files.js' */
/** @import { WasmEngine } from './wasm-engine.js' */

const PARALLEL_DOWNLOADS = 6; // as many as browsers allow to one HTTP/1.1 host

/** Holds shards within a budget of bytes. The least recently used are released first, but none that a search will scan. */
export class ShardStore {
  #engine;
  #files;
  #budget;
  #queue = new TaskQueue(PARALLEL_DOWNLOADS);
  /** @type {Map<number, Job<void>>} shards that are being fetched */
  #jobs = new Map();
  /** @type {Map<number, number>} shard → how many searches will scan it */
  #awaited = new Map();
  /** @type {Set<number>} in the engine, the least recently used first */
  #held = new Set();
  #bytes = 0; // of the shards in memory

  /**
   * @param {WasmEngine} engine
   * @param {IndexFiles} files
   * @param {number} budget bytes
   */
  constructor(engine, files, budget) {
    this.#engine = engine;
    this.#files = files;
    this.#budget = budget;
  }

  /** @returns {{bytes: number, files: number}} shards in memory */
  get usage() {
    return { bytes: this.#bytes, files: this.#held.size };
  }

  /**
   * Fetches shards for a search and yields when it should scan: when the nearest has arrived, then repeatedly while more
   * arrive, and when all have. Shards that have arrived stay in memory at least until the next turn.
   *
   * @param {number[]} shards that the search misses, the nearest first
   * @param {Traffic} traffic counts the downloads, but not those that another search has begun
   * @param {(i: number, error: Error) => boolean} canDoWithout called for each shard that cannot be fetched
   * @returns {AsyncGenerator<void>}
   * @throws {import('../shared/errors.js').HeyBaghError} as soon as a shard that the search needs cannot be fetched
   */
  async* arrivals(shards, traffic, canDoWithout) {
    const batch = new ShardBatch(shards);
    for (const i of shards) this.#await(i, 1);
    for (const [rank, i] of shards.entries()) {
      this.load(i, rank, { traffic }).then(() => batch.add(i), error => {
        if (!canDoWithout(i, error)) return batch.fail(error);
        if (batch.miss(i)) this.#await(i, -1);
      });
    }
    try {
      while (batch.left.size > 0) {
        await batch.turn(() => this.#bytes > this.#budget);
        const arrived = batch.take();
        yield;
        for (const i of arrived) {
          batch.left.delete(i);
          this.#await(i, -1);
        }
        this.#evict();
      }
    } finally {
      for (const i of batch.left) this.#await(i, -1);
      batch.left.clear();
      this.#evict();
    }
  }

  /**
   * @param {number} i
   * @param {number} rank lower ranks are fetched earlier
   * @param {How} [how]
   * @returns {Promise<void>} settles when it is in memory; it stays there if a search waits for it or there is room
   */
  async load(i, rank, how) {
    if (this.#held.has(i)) return undefined;
    const running = this.#jobs.get(i);
    if (!running) return this.#fetch(i, rank, how);
    running.rank = Math.min(running.rank, rank);
    return running.done.catch(error => {
      // Another search began it, maybe before the network came back.
      if (!isWorthARetry(error)) throw error;
      return this.#jobs.get(i)?.done ?? this.#fetch(i, rank, how);
    });
  }

  /** @param {number[]} files that a search has scanned or will scan */
  touch(files) {
    for (const i of files) {
      if (this.#held.delete(i)) this.#held.add(i);
    }
  }

  /**
   * @param {number} i
   * @returns {boolean} whether shard `i` is in memory
   */
  has(i) {
    return this.#held.has(i);
  }

  /**
   * @param {number} i
   * @returns {boolean} whether shard `i` fits into the budget without releasing others
   */
  hasRoomFor(i) {
    return this.#bytes + this.#files.size(i) <= this.#budget;
  }

  /**
   * @param {number} i
   * @param {number} rank
   * @param {How} [how]
   */
  #fetch(i, rank, how) {
    const job = this.#queue.add(rank, async () => {
      try {
        await this.#files.obtain(i, how);
        this.#keep(i);
      } finally {
        this.#jobs.delete(i);
      }
    });
    this.#jobs.set(i, job);
    return job.done;
  }

  /** @param {number} i */
  #keep(i) {
    this.#held.add(i);
    this.#bytes += this.#files.size(i);
    // A prefetched shard does not replace shards that a search has used.
    if (this.#bytes > this.#budget && !this.#awaited.has(i)) this.#release(i);
    this.#evict();
  }

  #evict() {
    for (const i of this.#held) {
      if (this.#bytes <= this.#budget) return;
      if (!this.#awaited.has(i)) this.#release(i);
    }
  }

  /** @param {number} i */
  #release(i) {
    this.#engine.releaseFile(i);
    this.#held.delete(i);
    this.#bytes -= this.#files.size(i);
  }

  /**
   * Counts a search that will scan the shard, or has done so.
   *
   * @param {number} i
   * @param {1 | -1} change
   */
  #await(i, change) {
    const count = (this.#awaited.get(i) ?? 0) + change;
    if (count > 0) this.#awaited.set(i, count);
    else this.#awaited.delete(i);
  }
}

// Shards that one search waits for, and when it is worth its while to scan those that have come.

const INTERVAL = 50; // ms between two scans

/** Filled by `add` and `fail`; its one reader waits for a `turn` and then takes what has arrived. */
export class ShardBatch {
  #nearest;
  /** @type {number[]} */
  #arrived = [];
  /** @type {Error | null} */
  #failure = null;
  #lastTurn = -Infinity;
  /** @type {() => void} */
  #wake = () => {};

  /** Those that have not been scanned and may be; the reader removes them. */
  left;

  /** @param {number[]} shards the nearest first */
  constructor(shards) {
    this.#nearest = shards[0];
    this.left = new Set(shards);
  }

  /** @param {number} i the shard that has arrived */
  add(i) {
    this.#arrived.push(i);
    this.#wake();
  }

  /**
   * @param {number} i the shard that will not arrive
   * @returns {boolean} if it was waited for
   */
  miss(i) {
    const wasLeft = this.left.delete(i);
    this.#wake();
    return wasLeft;
  }

  /** @param {Error} error that ends the waiting */
  fail(error) {
    this.#failure ??= error;
    this.#wake();
  }

  /**
   * Waits for the nearest shard; after that until there are others, but not too often; then until all are there.
   *
   * @param {() => boolean} isShort if memory is short, so that no more should be left to wait
   */
  async turn(isShort) {
    while (!this.#isDue(isShort)) {
      if (this.#failure) throw this.#failure;
      await new Promise(resolve => {
        this.#wake = () => resolve(null);
        setTimeout(resolve, INTERVAL);
      });
    }
    this.#lastTurn = performance.now();
  }

  /** @returns {number[]} what has arrived since the last time */
  take() {
    return this.#arrived.splice(0);
  }

  /** @param {() => boolean} isShort */
  #isDue(isShort) {
    if (this.#failure) return false;
    if (this.left.size === 0) return true; // the last one was missed
    if (this.#arrived.length === 0) return false;
    if (this.#arrived.length === this.left.size || isShort()) return true;
    const nearestIsIn = !this.left.has(this.#nearest) || this.#arrived.includes(this.#nearest);
    return nearestIsIn && performance.now() - this.#lastTurn >= INTERVAL;
  }
}

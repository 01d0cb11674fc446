// The shards that one search waits for, and when to scan those that have arrived.

const INTERVAL = 50; // ms between two scans

/** `add` and `fail` fill it. Its only reader waits for a `turn` and then takes the shards that have arrived. */
export class ShardBatch {
  #nearest;
  /** @type {number[]} */
  #arrived = [];
  /** @type {Error | null} */
  #failure = null;
  #lastTurn = -Infinity;
  /** @type {() => void} */
  #wake = () => {};

  /** Shards that are not scanned yet; the reader removes them. */
  left;

  /** @param {number[]} shards the nearest first */
  constructor(shards) {
    this.#nearest = shards[0];
    this.left = new Set(shards);
  }

  /** @param {number} i a shard that has arrived */
  add(i) {
    this.#arrived.push(i);
    this.#wake();
  }

  /**
   * @param {number} i a shard that will not arrive
   * @returns {boolean} whether it was awaited
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
   * Waits for the nearest shard, then for more, with a pause between turns, until all have arrived.
   *
   * @param {() => boolean} isShort whether memory is short, so that shards should be scanned at once
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

  /** @returns {number[]} shards that have arrived since the last call */
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

// A slow line to a server, for all its connections together. It is here and not in Chromium because Chromium's own
// throttling (Network.emulateNetworkConditions) waits too long after each piece, the more so on a busy machine: 46.7 MB
// at "50 Mbit/s" took 10 to 17 s there, and 7.6 s here; 7.5 is right. It also slows down each Worker by itself.

import { setTimeout as pause } from 'node:timers/promises';

const PIECE = 16 * 1024; // bytes of one connection before it is another's turn
const LATE = 100; // ms that a timer may be late: the pieces that follow make up for it

export class Link {
  #bytesPerMs;
  #latency;
  #free = 0; // when all that was promised so far has passed
  #sending = 0; // answers that are under way

  /**
   * @param {number} mbit a second; 0 for a line without limits
   * @param {number} latency ms between a request and the first byte of its answer
   */
  constructor(mbit, latency) {
    this.#bytesPerMs = mbit > 0 ? mbit * 1e6 / 8 / 1e3 : Infinity;
    this.#latency = mbit > 0 ? latency : 0;
  }

  /** To be waited for before an answer. */
  async delay() {
    if (this.#latency > 0) await pause(this.#latency);
  }

  /**
   * @param {import('node:http').ServerResponse} response its head is written
   * @param {Buffer} body
   */
  async send(response, body) {
    if (this.#sending++ === 0) this.#free = Math.max(this.#free, performance.now()); // nothing is saved up while idle
    for (let start = 0; start < body.length && !response.destroyed; start += PIECE) {
      const piece = body.subarray(start, start + PIECE);
      const now = performance.now();
      this.#free = Math.max(this.#free, now - LATE) + piece.length / this.#bytesPerMs;
      if (this.#free - now >= 1) await pause(this.#free - now);
      if (!response.write(piece)) await drained(response);
    }
    this.#sending--;
    response.end();
  }
}

/** Resolves when there is room again, or nobody is left to fill it. */
function drained(response) {
  return new Promise(resolve => {
    const end = () => {
      response.off('drain', end).off('close', end);
      resolve();
    };
    response.on('drain', end).on('close', end);
  });
}

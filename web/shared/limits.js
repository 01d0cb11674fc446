// How long things may take. Every promise of HeyBagh settles, because whatever is waited for either goes on or is given
// up by these limits: a download, the browser's storage or decoder, the Worker. Times are in ms.

/** A download has stalled when in this time it has not brought STALL_BYTES, nor its end: what TCP sends again after
 * 1, 3, 7 and 15 s has been lost four times then, and people have gone. */
export const STALL = 20_000;

/** With STALL 0.8 kB/s, a tenth of what the slowest mobile networks have. */
export const STALL_BYTES = 16 * 1024;

/** Before what failed is asked for again: time for a server to restart, too short to be noticed. */
export const BACK_OFF = 300;

/** Requests in a row that bring less than STALL_BYTES of a large file, each BACK_OFF · 2ⁿ after the one before, 4.5 s
 * in all: a change of network takes about that. */
export const TRIES = 5;

/** What Cache Storage may take to answer a question; a disk that is woken takes some seconds. */
export const STORAGE = 5000;

/** What the browser's decoder may take for one picture: the largest that it is given, 268 megapixels, some seconds. */
export const DECODE = 30_000;

/** How often the Worker is listened for while it has been asked something. Counting beats, not ms, leaves out the
 * time in which a page was frozen and its Worker with it. */
export const BEAT = 10_000;

/** Beats of silence after which it is asked for a sign, and after which it is given up: it may compute for some
 * seconds, and its modules come over the network at first. */
export const QUIET_BEATS = 3;
export const DEAD_BEATS = 6;

/**
 * Gives a promise up when it takes too long; what it stands for goes on, and nobody listens.
 *
 * @template T
 * @param {number} ms
 * @param {Promise<T>} promise
 * @param {() => Error} complain
 * @returns {Promise<T>}
 */
export async function within(ms, promise, complain) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(complain()), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {number} ms
 * @returns {Promise<void>}
 */
export function pause(ms) {
  return new Promise(resolve => {
    setTimeout(resolve, ms);
  });
}

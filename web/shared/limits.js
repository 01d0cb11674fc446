// How long things may take, in ms. These limits make every promise of HeyBagh settle: a download, the browser's storage
// and decoder and the Worker either make progress or are given up.

/** A download has stalled if it does not bring STALL_BYTES, or its end, in this time. TCP resends a lost packet after 1,
 * 3, 7 and 15 s, so four attempts have failed by then. */
export const STALL = 20_000;

/** In STALL this is 0.8 kB/s, a tenth of the speed of the slowest mobile networks. */
export const STALL_BYTES = 16 * 1024;

/** The pause before a second try: long enough for a server to restart, too short to be noticed. */
export const BACK_OFF = 300;

/** How many requests in a row may bring less than STALL_BYTES of a large file. The pauses between them are BACK_OFF · 2ⁿ,
 * 4.5 s in all, about as long as a change of network takes. */
export const TRIES = 5;

/** How long Cache Storage may take to answer; a sleeping disk needs some seconds to wake up. */
export const STORAGE = 5000;

/** How long the browser may take to decode a picture; the largest, with 268 megapixels, take some seconds. */
export const DECODE = 30_000;

/** How often to check for messages of the Worker while a call is pending. Beats are counted and not ms, so the time in
 * which the browser freezes the page and its Worker does not count. */
export const BEAT = 10_000;

/** After QUIET_BEATS without a message the Worker is pinged, and after DEAD_BEATS it is given up. It may compute for some
 * seconds, and at the start it has to load its modules. */
export const QUIET_BEATS = 3;
export const DEAD_BEATS = 6;

/**
 * Stops waiting for a promise after a time limit. The work behind the promise is not stopped.
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

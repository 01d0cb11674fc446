// Contenders take turns, so that noise of the machine hits all alike.

import { setTimeout as pause } from 'node:timers/promises';

const REST = 30; // ms between turns, in which threads that spin for more work go to sleep

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {(runs: number) => Promise<Record<string, number[]>>} run milliseconds of each run, by what was timed
 */

/**
 * @param {Contender[]} contenders
 * @param {{samples: number, warmUp: number, slice?: number}} how `samples` of each at least, `slice` in a turn;
 *   `warmUp` in ms
 * @param {(text: string) => void} tell
 * @returns {Promise<Map<string, Record<string, number[][]>>>} by contender and by what was timed, the samples of each
 *   round
 */
export async function takeTurns(contenders, { samples, warmUp, slice = 3 }, tell) {
  for (const { name, run } of contenders) {
    tell(`warming up ${name}`);
    for (const start = performance.now(); ;) {
      await run(slice);
      if (performance.now() - start >= warmUp) break;
    }
  }
  const seen = new Map(contenders.map(({ name }) => [name, {}]));
  const rounds = Math.ceil(samples / slice);
  for (let round = 0; round < rounds; round++) {
    tell(`round ${round + 1} of ${rounds}`);
    const first = round % contenders.length; // nobody always follows the same one
    for (const { name, run } of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      await pause(REST);
      await run(1); // finds its weights in the caches of no one but the one before
      for (const [what, times] of Object.entries(await run(slice))) (seen.get(name)[what] ??= []).push(times);
    }
  }
  return seen;
}

// Measures of time that stay as they are while the machine has other things to do: a processor's time instead of the
// clock's, and how long those who take part had to wait for a processor.

import { readdirSync, readFileSync } from 'node:fs';

const TASK = 'ThreadControllerImpl::RunTask'; // in Chromium's traces

/**
 * The longest task of the page's own thread while `act` runs.
 *
 * @param {import('@playwright/test').Page} page
 * @param {() => Promise<unknown>} act
 * @returns {Promise<number>} ms of a processor
 */
export async function longestTask(page, act) {
  const browser = page.context().browser();
  await browser.startTracing(page, { categories: ['toplevel', 'blink.user_timing'] });
  await page.evaluate(() => performance.mark('heybagh-tests'));
  await act();
  await page.waitForTimeout(100); // a task is traced when it has ended
  const { traceEvents } = JSON.parse(await browser.stopTracing());
  const page_ = traceEvents.find(({ name }) => name === 'heybagh-tests');
  const tasks = traceEvents.filter(({ name, pid, tid }) => name === TASK && pid === page_.pid && tid === page_.tid);
  if (!tasks.some(({ tdur }) => tdur > 0)) throw new Error('This browser does not trace how long tasks take.');
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1e3;
}

/** What a folder of /proc holds; nothing if the process has just ended. */
function numbers(path) {
  try {
    return readdirSync(path).filter(name => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** This process and all that it started, the browser's among them. */
function family() {
  const parents = new Map(numbers('/proc').map(pid => [pid, / (\d+) /.exec(read(`/proc/${pid}/stat`).replace(/.*\) /, ' '))?.[1]]));
  const own = String(process.pid);
  const descends = pid => pid === own || (parents.has(pid) && descends(parents.get(pid)));
  return [...parents.keys()].filter(descends);
}

/** Whether others wait for this thread: a process's first, or one that hands on what comes from others. */
const matters = (pid, tid) => pid === tid || /IOThread|Compositor/.test(read(`/proc/${pid}/task/${tid}/comm`));

/** ms that each of the threads that matter has waited for a processor so far. */
function waits() {
  const all = new Map();
  for (const pid of family()) {
    for (const tid of numbers(`/proc/${pid}/task`)) {
      const [, waited = 0] = read(`/proc/${pid}/task/${tid}/schedstat`).split(' ');
      if (matters(pid, tid)) all.set(tid, waited / 1e6);
    }
  }
  return all;
}

/**
 * Tells how long browser, tests and the servers in them have had to wait for a processor: what the clock shows may be so
 * much more than on a machine with nothing else to do.
 *
 * @returns {() => number} ms since `watchWaits` was called
 */
export function watchWaits() {
  const before = waits();
  return () => [...waits()].reduce((sum, [tid, ms]) => sum + Math.max(0, ms - (before.get(tid) ?? 0)), 0);
}

// One visit of the demo page: what came when.

import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { watchMemory } from './memory.mjs';

const WATCH = readFileSync(fileURLToPath(new URL('watch.js', import.meta.url)), 'utf8');
const PATIENCE = 300_000; // ms
const AFTERWARDS = 1000; // ms, for what is being put into Cache Storage

/**
 * @typedef {object} Visit
 * @property {{accepted: number, ready: number, first: number, answer: number, pictures: number,
 *   heapBytes: number}} seen ms since the navigation, as watch.js notes them
 * @property {{name: string, start: number, end: number}[]} requests of page and Worker, ms since the navigation
 * @property {{peakBytes: number, endBytes: number}} memory of the tab's process
 */

/** Requests that have ended, as `Visit` has them. */
function timesOf(requests, origin) {
  return requests.filter(request => request.timing().responseEnd >= 0).map(request => {
    const { startTime, responseEnd } = request.timing();
    return { name: new URL(request.url()).pathname, start: startTime - origin, end: startTime - origin + responseEnd };
  }).sort((a, b) => a.start - b.start);
}

/**
 * @param {import('@playwright/test').BrowserContext} context with a profile of its own
 * @param {string} address
 * @param {Buffer} photo that is given to the page
 * @returns {Promise<Visit>}
 * @throws {Error} if the page shows an error, or nothing
 */
export async function visit(context, address, photo) {
  const page = await context.newPage();
  const requests = [];
  page.on('request', request => requests.push(request));
  const ended = new Promise(resolve => { page.exposeFunction('tellVisit', resolve); });
  await page.addInitScript(`const PHOTO = '${photo.toString('base64')}';\n${WATCH}`);
  const memory = watchMemory(await context.browser().newBrowserCDPSession());
  try {
    await page.goto(address);
    const { seen, error, origin } = await Promise.race([ended, pause(PATIENCE, { error: 'nothing' }, { ref: false })]);
    if (error) throw new Error(`the page says: ${error}`);
    await pause(AFTERWARDS);
    return { seen, requests: timesOf(requests, origin), memory: await memory.stop() };
  } finally {
    await memory.stop().catch(() => {});
    await page.close();
  }
}

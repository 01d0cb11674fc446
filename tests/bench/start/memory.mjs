// Memory of Chromium's renderers, as Linux counts it.

import { readFileSync } from 'node:fs';

const INTERVAL = 100; // ms

function kilobytes(pid, file, name) {
  try {
    const text = readFileSync(`/proc/${pid}/${file}`, 'utf8');
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)[1]);
  } catch {
    return 0; // it ended
  }
}

/**
 * Watches the renderers of a browser, of which the tab's is the largest.
 *
 * @param {import('@playwright/test').CDPSession} browser a session of the browser, not of a page
 * @returns {{stop: () => Promise<{peakBytes: number, endBytes: number}>}} proportional set size: memory that is shared
 *   with other processes is divided among them
 */
export function watchMemory(browser) {
  const peaks = new Map();
  const look = async () => {
    const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
    const now = processInfo.filter(({ type }) => type === 'renderer')
      .map(({ id }) => [id, kilobytes(id, 'smaps_rollup', 'Pss') * 1024]);
    for (const [id, size] of now) peaks.set(id, Math.max(size, peaks.get(id) ?? 0));
    return Math.max(0, ...now.map(([, size]) => size));
  };
  const timer = setInterval(() => look().catch(() => {}), INTERVAL);
  return {
    async stop() {
      clearInterval(timer);
      const endBytes = await look();
      return { peakBytes: Math.max(...peaks.values()), endBytes };
    },
  };
}

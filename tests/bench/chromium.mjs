// Playwright and Chromium, as the browser tests have them.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from './inputs.mjs';

export const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-default-apps',
];

export function launch() {
  const { chromium } = createRequire(join(ROOT, 'tests/web/package.json'))('@playwright/test');
  return chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
}

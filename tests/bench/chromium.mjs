// Playwright and Chromium, as the browser tests have them.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from './inputs.mjs';

const { chromium } = createRequire(join(ROOT, 'tests/web/package.json'))('@playwright/test');
const OPTIONS = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
  ],
};

export const launch = () => chromium.launch(OPTIONS);

/** @param {string} profile a folder that keeps caches; it may be empty */
export const launchProfile = profile => chromium.launchPersistentContext(profile, OPTIONS);

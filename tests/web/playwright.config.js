// End-to-end tests of the page and heybagh.js in Debian's Chromium, on the site that scripts/demo.sh --no-serve makes.

import { defineConfig } from '@playwright/test';

const port = Number(process.env.HEYBAGH_TEST_PORT ?? 8321);
const address = `http://127.0.0.1:${port}/`;

export default defineConfig({
  testDir: '.',
  testIgnore: process.env.HEYBAGH_LONG ? [] : 'long.spec.js',
  outputDir: 'results',
  globalSetup: './setup.js',
  workers: 1, // there is one engine to a page, and its timings are looked at
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 20_000 },
  reporter: 'list',
  use: {
    baseURL: address,
    serviceWorkers: 'block', // they would answer before page.route; offline.spec.js allows them
    viewport: { width: 1280, height: 860 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync',
      ],
    },
  },
  webServer: {
    command: `python3 -m http.server --bind 127.0.0.1 --directory ../../build/site ${port}`,
    url: address,
    reuseExistingServer: false,
    stdout: 'ignore',
    stderr: 'ignore', // it logs every request there
  },
});

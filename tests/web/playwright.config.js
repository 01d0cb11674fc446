// End-to-end tests of the page and heybagh.js in Debian's Chromium, on the site that scripts/demo.sh --no-serve makes.
// Two projects: "beside" runs as many tests at a time as there are processors. "alone" has those that look at time (tag
// @alone): they pass beside others, too (processor.js), and their figures mean more with nothing else to do. @quick are
// those of scripts/test.sh quick.

import { defineConfig } from '@playwright/test';

const port = Number(process.env.HEYBAGH_TEST_PORT ?? 8321);
const address = `http://127.0.0.1:${port}/`;

export default defineConfig({
  testDir: '.',
  testIgnore: process.env.HEYBAGH_LONG ? [] : 'long.spec.js',
  globalSetup: './setup.js',
  workers: process.env.JOBS ? Number(process.env.JOBS) : '100%',
  projects: [
    { name: 'beside', grepInvert: /@alone/, outputDir: 'results/beside' },
    { name: 'alone', grep: /@alone/, outputDir: 'results/alone', workers: 1 },
  ],
  retries: 0,
  forbidOnly: true,
  // Both are far more than a machine with other things to do needs; tests take some seconds.
  timeout: 480_000,
  expect: { timeout: 120_000 },
  reporter: [['list'], ['./limits.js']],
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

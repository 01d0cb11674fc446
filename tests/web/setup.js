// Runs once before all tests: says what is missing, rather than letting every test fail for it.

import { existsSync } from 'node:fs';
import { BUILDER, CALTECH, SITE } from './support.js';

export default function setup() {
  for (const path of [`${SITE}/index.html`, `${SITE}/bundle/index.json`, BUILDER]) {
    if (!existsSync(path)) throw new Error(`${path} is missing: run scripts/demo.sh --no-serve first.`);
  }
  if (!existsSync(CALTECH)) throw new Error(`${CALTECH} is missing: set HEYBAGH_ASSETS to the folder with caltech101.`);
}

// Where the weights and photographs are: in $HEYBAGH_ASSETS, else where scripts/assets.sh finds them.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const find = () => execFileSync(fileURLToPath(new URL('../scripts/assets.sh', import.meta.url)), ['--where'], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'], // it says itself what is missing
}).trim();

export const ASSETS = process.env.HEYBAGH_ASSETS ?? find();

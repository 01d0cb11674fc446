// What a figure depends on beside the code.

import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './inputs.mjs';

const system = () => /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform;

/** @returns {string} such as "2 cores of an AMD EPYC, 23 GB, Debian GNU/Linux 12 (bookworm)" */
export function machine() {
  const [{ model }] = cpus();
  return `${cpus().length} × ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, ${system()}`;
}

export const today = () => new Date().toISOString().slice(0, 10);

/** Of the peers, as they are pinned. */
export function peerVersions(...names) {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'tests/bench/peers/package.json'), 'utf8'));
  return Object.fromEntries(names.map(name => [name, dependencies[name]]));
}

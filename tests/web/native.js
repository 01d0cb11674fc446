// What the command line says of the same pictures.

import { execFileSync } from 'node:child_process';
import { BUILDER, ROOT } from './support.js';

const MODEL_AND_INDEX = ['--model', 'models/resnet18-i8.safetensors', '--index', 'build/site/bundle'];

/** What `index-builder COMMAND --json` says of each image. */
export function natively(command, images) {
  const output = execFileSync(BUILDER, [command, '--json', ...MODEL_AND_INDEX, ...images],
    { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 });
  return output.trim().split('\n').map(line => JSON.parse(line));
}

// Indexes of ready-made vectors: small, quickly made, and with whatever paths and labels.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { BUILDER } from './support.js';

/** The rows of an array as NumPy writes it: vectors of 8 numbers that are as good as random. */
function randomVectors(count) {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, 8), }`.padEnd(117) + '\n';
  const numbers = Float32Array.from({ length: 8 * count }, (_, i) => Math.sin(i * i));
  const npy = Buffer.concat([
    Buffer.from('\x93NUMPY\x01\0', 'latin1'), Buffer.of(header.length, 0),
    Buffer.from(header), Buffer.from(numbers.buffer),
  ]);
  return { numbers, npy };
}

/**
 * Serves an index of vectors as vectors/.
 *
 * @param {import('@playwright/test').Page} page
 * @param {import('@playwright/test').TestInfo} info
 * @param {{count: number, nlist: number, ids?: [path: string, label: string][], imageUrl?: string}} what
 * @returns {Promise<Float32Array>} the vectors, one after the other
 */
export async function serveVectors(page, info, { count, nlist, ids, imageUrl }) {
  const { numbers, npy } = randomVectors(count);
  const place = name => info.outputPath(name);
  writeFileSync(place('vectors.npy'), npy);
  if (ids) writeFileSync(place('ids.tsv'), ids.map(line => `${line.join('\t')}\n`).join(''));
  execFileSync(BUILDER, [
    'build', '--vectors', place('vectors.npy'), '--out', place('vectors'), '--nlist', `${nlist}`,
    ...ids ? ['--ids', place('ids.tsv')] : [], ...imageUrl ? ['--image-url', imageUrl] : [],
  ]);
  await page.route('**/vectors/*', route => {
    const name = route.request().url().split('/').pop();
    return route.fulfill({ path: `${place('vectors')}/${name}` });
  });
  return numbers;
}

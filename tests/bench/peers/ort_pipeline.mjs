// ort_pipeline.mjs ONNX THREADS: Pillow and onnxruntime-node, one after the other on all pictures: waits for orders, each
// a JSON array of paths, and answers {"seconds", "features"}, the latter of the first picture.

import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import ort from 'onnxruntime-node';
import { SIDE } from './resnet18.mjs';

const [onnx, threads] = process.argv.slice(2);
const BYTES = 3 * SIDE * SIDE * 4;
const session = await ort.InferenceSession.create(onnx, {
  executionProviders: ['cpu'], graphOptimizationLevel: 'all', executionMode: 'sequential',
  intraOpNumThreads: Number(threads), interOpNumThreads: 1, enableCpuMemArena: true, enableMemPattern: true,
});
// Debian's own Python, which has Pillow and NumPy
const pillow = spawn('/usr/bin/python3', [join(dirname(fileURLToPath(import.meta.url)), 'pillow.py')],
  { stdio: ['pipe', 'pipe', 'inherit'] });

/** Pictures of the pipe, each in memory of its own. */
async function* tensors() {
  let picture = Buffer.alloc(BYTES);
  let filled = 0;
  for await (let chunk of pillow.stdout) {
    while (chunk.length > 0) {
      const part = chunk.subarray(0, BYTES - filled);
      picture.set(part, filled);
      filled += part.length;
      chunk = chunk.subarray(part.length);
      if (filled < BYTES) continue;
      yield new ort.Tensor('float32', new Float32Array(picture.buffer, picture.byteOffset, BYTES / 4), [1, 3, SIDE, SIDE]);
      picture = Buffer.alloc(BYTES);
      filled = 0;
    }
  }
}

const pictures = tensors();

async function embed(paths) {
  const start = performance.now();
  pillow.stdin.write(paths.map(path => `${path}\n`).join(''));
  let first;
  for (let left = paths.length; left > 0; left--) {
    const { features } = await session.run({ picture: (await pictures.next()).value });
    first ??= Array.from(features.data);
  }
  return { seconds: (performance.now() - start) / 1e3, features: first };
}

for await (const order of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await embed(JSON.parse(order))));
}
pillow.kill();

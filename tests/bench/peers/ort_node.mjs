// ort_node.mjs ONNX THREADS TENSOR: onnxruntime-node as a process that waits for the orders of slices.c.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import ort from 'onnxruntime-node';
import { SIDE, transpose } from './resnet18.mjs';

const [onnx, threads, tensorPath] = process.argv.slice(2);
const { buffer } = Uint8Array.from(readFileSync(tensorPath));
const { data, shape } = transpose(new Float32Array(buffer), [1, SIDE, SIDE, 3], [0, 3, 1, 2]);
const picture = new ort.Tensor('float32', data, shape);
const session = await ort.InferenceSession.create(onnx, {
  executionProviders: ['cpu'], graphOptimizationLevel: 'all', executionMode: 'sequential',
  intraOpNumThreads: Number(threads), interOpNumThreads: 1, enableCpuMemArena: true, enableMemPattern: true,
});

async function answer(order) {
  if (order === 'features') return { features: Array.from((await session.run({ picture })).features.data) };
  const times = [];
  for (let left = Number(/^run (\d+)$/.exec(order)[1]); left > 0; left--) {
    const start = performance.now();
    await session.run({ picture });
    times.push(performance.now() - start);
  }
  return { times };
}

for await (const order of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(order)));
}

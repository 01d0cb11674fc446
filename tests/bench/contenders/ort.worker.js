// onnxruntime-web with its CPU backend, best settings.

import * as ort from '/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs';
import { SIDE, transpose } from '/peers/resnet18.mjs';
import { answerOrders } from './answer.js';

let session;

answerOrders({
  async load({ onnx, threads }) {
    Object.assign(ort.env.wasm, { numThreads: threads, simd: true, wasmPaths: '/node_modules/onnxruntime-web/dist/' });
    session = await ort.InferenceSession.create(onnx, {
      executionProviders: ['wasm'], graphOptimizationLevel: 'all', executionMode: 'sequential',
      enableCpuMemArena: true, enableMemPattern: true,
    });
    return { threads: ort.env.wasm.numThreads };
  },
  async prepare(tensor) {
    const { data, shape } = transpose(tensor, [1, SIDE, SIDE, 3], [0, 3, 1, 2]);
    const picture = new ort.Tensor('float32', data, shape);
    return async () => (await session.run({ picture })).features.data;
  },
});

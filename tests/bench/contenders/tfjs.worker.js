// TensorFlow.js with its WebAssembly backend (XNNPACK), best settings.

/* global importScripts, tf */
importScripts('/node_modules/@tensorflow/tfjs-core/dist/tf-core.min.js');
importScripts('/node_modules/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js');

const modules = Promise.all(['./answer.js', '/peers/tfjs.mjs', '/peers/safetensors.mjs'].map(url => import(url)));
let run;

// Orders may come before the modules do.
self.onmessage = async event => {
  const [{ answerOrders }, { makeNetwork, makePicture }, { readSafetensors }] = await modules;
  answerOrders({
    async load({ model, threads }) {
      tf.wasm.setWasmPaths('/node_modules/@tensorflow/tfjs-backend-wasm/dist/');
      // It takes no more threads than half of the cores that it sees.
      if (threads > 1) Object.defineProperty(navigator, 'hardwareConcurrency', { value: 2 * threads });
      tf.wasm.setThreadsCount(threads);
      if (!await tf.setBackend('wasm')) throw new Error('TF.js has no WebAssembly here');
      await tf.ready();
      const { tensors } = readSafetensors(await (await fetch(model)).arrayBuffer());
      run = makeNetwork(tf, tensors);
      return { threads: tf.env().get('WASM_HAS_MULTITHREAD_SUPPORT') ? tf.wasm.getThreadsCount() : 1 };
    },
    async prepare(tensor) {
      const picture = makePicture(tf, tensor);
      return async () => {
        const features = run(picture);
        const data = features.dataSync();
        features.dispose();
        return data;
      };
    },
  });
  self.onmessage(event);
};

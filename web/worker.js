// The Worker: takes requests, one strictly after the other, and answers each by its id. It holds one engine.
//
//   asked     {id, method: 'load' | 'embed' | 'search', args}
//   answered  {id, progress}*  then  {id, value, heapBytes}  or  {id, error: {code, message}}

import { HeyBaghError } from './errors.js';
import { loadEngine } from './loader.js';

let engine;
let queue = Promise.resolve();

const methods = {
  async load(args, report) {
    const loaded = await loadEngine(args, report);
    engine = loaded.engine;
    return { ...engine.info(), imageUrl: loaded.imageUrl };
  },
  embed({ image }) {
    return engine.embed(image);
  },
  search({ image, options }) {
    engine.embed(image);
    return engine.search(options);
  },
};

self.onmessage = ({ data }) => {
  queue = queue.then(() => answer(data));
};

async function answer({ id, method, args }) {
  try {
    const value = await methods[method](args, progress => self.postMessage({ id, progress }));
    self.postMessage({ id, value, heapBytes: engine.heapBytes });
  } catch (error) {
    const { code, message } = error instanceof HeyBaghError ? error : crash(error);
    self.postMessage({ id, error: { code, message } });
  }
}

/** Anything that was not foreseen, a wasm trap above all. What the engine's memory holds then is anyone's guess. */
function crash(error) {
  return new HeyBaghError('crashed', `The engine broke down (${error?.message ?? error}). Load it again.`);
}

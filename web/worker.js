// The Worker: takes requests and answers each by its id. It holds one engine. Pictures are embedded one after the
// other, in the order in which they come; while the browser decodes a picture, or a search waits for its shards, others
// go on.
//
//   asked     {id, method: 'load' | 'embed' | 'search', args}
//   answered  {id, progress}*  then  {id, value, usage}  or  {id, error: {code, message}}
//   by itself {usage}  when the prefetch has ended

import { canReadPixels } from './browser-decoder.js';
import { embedPicture } from './embedding.js';
import { HeyBaghError } from './errors.js';
import { loadEngine } from './loader.js';
import { prefetch } from './prefetch.js';
import { searchIndex } from './searching.js';
import { ShardStore } from './shards.js';

const NOT_EMBEDDED = { decode: 0, preprocess: 0, network: 0, head: 0 };

let engine;
let files;
let shards;

const methods = {
  async load({ memory, prefetch: wanted, ...what }, report) {
    const loaded = await loadEngine(what, report);
    ({ engine, files } = loaded);
    shards = new ShardStore(engine, files, memory);
    if (wanted) prefetch(files, shards).then(() => self.postMessage({ usage: usage() }));
    return { ...engine.info(), decodes: canReadPixels(), imageUrl: loaded.imageUrl, thumbUrl: loaded.thumbUrl };
  },
  async embed({ image, region }) {
    const { embedding } = await embedPicture(engine, image, region);
    return embedding;
  },
  async search({ image, region, vector, options, early }, report) {
    const { embedding, timings: took } = vector
      ? { embedding: vector, timings: NOT_EMBEDDED } : await embedPicture(engine, image, region);
    const found = await searchIndex(engine, shards, embedding, options, early ? report : undefined);
    const { results, nprobe, scanned, scan, waited, traffic } = found;
    return { results, nprobe, scanned, timings: { ...took, fetch: waited, scan }, ...traffic };
  },
};

self.onmessage = async ({ data: { id, method, args } }) => {
  try {
    const value = await methods[method](args, progress => self.postMessage({ id, progress }));
    self.postMessage({ id, value, usage: usage() });
  } catch (error) {
    const { code, message } = error instanceof HeyBaghError ? error : crash(error);
    self.postMessage({ id, error: { code, message } });
  }
};

function usage() {
  const { network, cached } = files;
  const { heapBytes, threads } = engine;
  return { heapBytes, threads, shards: shards.usage, network: { ...network }, cached: { ...cached } };
}

/** Anything that was not foreseen, a wasm trap above all. What the engine's memory holds then is anyone's guess. */
function crash(error) {
  return new HeyBaghError('crashed', `The engine broke down (${error?.message ?? error}). Load it again.`);
}

// The Worker: takes requests and answers each by its id. It holds one engine. Pictures are embedded one after the
// other, in the order in which they come; while a search waits for its shards, others go on.
//
//   asked     {id, method, args}
//   answered  {id, progress}*  then  {id, value, usage}  or  {id, error: {code, message}}
//   by itself {usage}  when the prefetch has ended
//
// The page starts it step by step (loader.js): `start`, then `open`, then `obtain` and `model`, then `finish`. Pictures
// can be cropped after `start`, and the rest can be done after `finish`.

// All modules, those that only others import too: so the browser asks for all of them at once.
import './batch.js';
import './cache.js';
import './download.js';
import { HeyBaghError } from './errors.js';
import { IndexFiles } from './index-files.js';
import './manifest.js';
import { prefetch } from './prefetch.js';
import './queue.js';
import { searchIndex } from './searching.js';
import { ShardStore } from './shards.js';
import './threads.js';
import './url.js';
import './wasi.js';
import './wasm-engine.js';
import { startWasm } from './wasm-start.js';

const NOT_EMBEDDED = { network: 0, head: 0 };

let engine;
let files;
let shards;

const methods = {
  async start(build) {
    engine = await startWasm(build);
  },
  /** Tells how many bytes `obtain` will bring. */
  open({ bytes, folder, memory }) {
    engine.parseManifest(bytes);
    files = new IndexFiles(engine, folder);
    shards = new ShardStore(engine, files, memory);
    return files.neededBytes;
  },
  obtain(_, report) {
    return files.obtainNeeded((bytes, source) => report({ bytes, source }));
  },
  /** Pieces come through the port. */
  async model({ bytes, port, verify }) {
    const room = engine.takeModel(bytes);
    await new Promise(resolve => {
      port.onmessage = ({ data }) => room.fill(data) && resolve();
    });
    port.close();
    room.give(verify);
  },
  finish({ prefetch: wanted }) {
    engine.start();
    files.prune();
    if (wanted) prefetch(files, shards).then(() => self.postMessage({ usage: usage() }));
    return engine.info();
  },
  warmUp() {
    engine.warmUp();
  },
  crop({ image }) {
    const crop = engine.crop(image);
    const { decode, preprocess } = engine.timings();
    return { crop, timings: { decode, preprocess } };
  },
  embed({ crop }) {
    return engine.embed(crop);
  },
  async search({ crop, vector, options, early }, report) {
    const query = vector ?? engine.embed(crop);
    const { network, head } = vector ? NOT_EMBEDDED : engine.timings();
    const found = await searchIndex(engine, shards, query, options, early ? report : undefined);
    const { results, nprobe, planned, scanned, scan, waited, traffic } = found;
    return { results, nprobe, planned, scanned, timings: { network, head, fetch: waited, scan }, ...traffic };
  },
};

self.onmessage = async ({ data: { id, method, args } }) => {
  try {
    const value = await methods[method](args, progress => self.postMessage({ id, progress }));
    self.postMessage({ id, value, usage: files && usage() });
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

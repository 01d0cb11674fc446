// The engine's end of the line: takes requests and answers each by its id. It holds one engine. Pictures are embedded
// one after the other, in the order in which they come; while the browser decodes one, or a search waits for its shards,
// others go on.
//
//   asked     {id, method, args}
//   answered  {id, progress}*  then  {id, value, usage}  or  {id, error: {code, message}}
//   by itself {usage}  when the prefetch has ended
//
// The page starts it step by step (page/loader.js): `start`, then `open`, then `obtain` and `model`, then `finish`. Pictures
// can be cropped after `start`, and the rest can be done after `finish`.

import { canReadPixels } from '../shared/browser-decoder.js';
import { cropPicture } from './crop-picture.js';
import { HeyBaghError } from '../shared/errors.js';
import { IndexFiles } from './index-files.js';
import { prefetch } from './prefetch.js';
import { searchIndex } from './search-index.js';
import { ShardStore } from './shard-store.js';
import { startWasm } from './start-wasm.js';

const NOT_EMBEDDED = { network: 0, head: 0 };

/**
 * Answers what comes over a line, with an engine of its own.
 *
 * @param {Pick<MessagePort, 'postMessage' | 'onmessage'>} line a Worker's scope, or a port
 * @param {AbortSignal} [ended] aborted when nobody listens any more; a Worker is just stopped
 */
export function serve(line, ended) {
  const service = new EngineService(() => line.postMessage({ usage: service.usage }), ended);
  line.onmessage = async ({ data: { id, method, args } }) => {
    try {
      const value = await service[method](args, progress => line.postMessage({ id, progress }));
      line.postMessage({ id, value, usage: service.usage });
    } catch (error) {
      const { code, message } = error instanceof HeyBaghError ? error : crash(error);
      line.postMessage({ id, error: { code, message } });
    }
  };
}

/** What can be asked. */
class EngineService {
  #engine;
  #files;
  #shards;
  #onPrefetched;
  #ended;

  constructor(onPrefetched, ended) {
    this.#onPrefetched = onPrefetched;
    this.#ended = ended;
  }

  /** @returns {object | undefined} what is held and was fetched; nothing before `open` */
  get usage() {
    if (!this.#files) return undefined;
    const { network, cached } = this.#files;
    const { heapBytes, threads } = this.#engine;
    return { heapBytes, threads, shards: this.#shards.usage, network: { ...network }, cached: { ...cached } };
  }

  /** Tells if it can have the browser decode pictures. */
  async start(build) {
    this.#engine = await startWasm(build);
    return canReadPixels();
  }

  /** Tells how many bytes `obtain` will bring. */
  open({ bytes, folder, memory }) {
    this.#engine.parseManifest(bytes);
    this.#files = new IndexFiles(this.#engine, folder);
    this.#shards = new ShardStore(this.#engine, this.#files, memory);
    return this.#files.neededBytes;
  }

  obtain(_, report) {
    return this.#files.obtainNeeded((bytes, source) => report({ bytes, source }));
  }

  /** Pieces come through the port. */
  async model({ bytes, port }) {
    const room = this.#engine.takeModel(bytes);
    await new Promise(resolve => {
      port.onmessage = ({ data }) => room.fill(data) && resolve();
    });
    port.close();
    room.give();
  }

  /** A sign of life. */
  ping() {}

  finish({ prefetch: wanted }) {
    this.#engine.start();
    this.#files.prune();
    if (wanted) prefetch(this.#files, this.#shards, this.#ended).then(this.#onPrefetched);
    return this.#engine.info();
  }

  warmUp() {
    this.#engine.warmUp();
  }

  crop({ image, region }) {
    return cropPicture(this.#engine, image, region);
  }

  embed({ crop }) {
    return this.#engine.embed(crop);
  }

  async search({ crop, vector, options, early }, report) {
    const query = vector ?? this.#engine.embed(crop);
    const { network, head } = vector ? NOT_EMBEDDED : this.#engine.timings();
    const found = await searchIndex(this.#engine, this.#shards, query, options, early ? report : undefined);
    const { results, nprobe, planned, scanned, scan, waited, traffic } = found;
    return { results, nprobe, planned, scanned, timings: { network, head, fetch: waited, scan }, ...traffic };
  }
}

/** Anything that was not foreseen, a wasm trap above all. What the engine's memory holds then is anyone's guess. */
function crash(error) {
  return new HeyBaghError('crashed', `The engine broke down (${error?.message ?? error}). Load it again.`);
}

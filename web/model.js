// The model: from an earlier visit or the network to the Worker, piece by piece as it comes.

import { FileCache } from './cache.js';
import { pieces, request } from './download.js';

const CACHE = 'heybagh-models-1';

/** Opens the cache at once, before it is known which model is wanted. */
export class ModelSource {
  #cache = new FileCache(CACHE);

  /**
   * @param {import('./rpc.js').WorkerClient} worker
   * @param {Promise<any>} opened when the Worker has the index, by which it knows a copy that is damaged
   * @param {{id: string, url: string, bytes: number}} model as the manifest names it
   * @param {(bytes: number, source: 'cache' | 'network') => void} onBytes
   * @returns {Promise<boolean>} when the Worker has it; true if it was kept from an earlier visit
   * @throws {import('./errors.js').HeyBaghError}
   */
  async obtain(worker, opened, model, onBytes) {
    const key = keyOf(model);
    const kept = await this.#cache.read(key);
    if (kept && await giveKept(worker, opened, model, kept)) {
      onBytes(model.bytes, 'cache');
      return true;
    }
    if (kept) await this.#cache.remove(key);
    await download(worker, opened, model, response => this.#cache.keep(key, response), onBytes);
    return false;
  }
}

/** With the id, so that a copy is never out of date. */
function keyOf({ id, url }) {
  const key = new URL(url);
  key.searchParams.append('heybagh-model', id);
  return key.href;
}

/** False if the copy is not what it was. */
async function giveKept(worker, opened, { bytes }, kept) {
  if (kept.length !== bytes) return false;
  await opened;
  const { port1, port2 } = new MessageChannel();
  send(port1, kept);
  try {
    await worker.call('model', { bytes, port: port2, verify: true }, { transfer: [port2] });
    return true;
  } catch (error) {
    if (error.code !== 'bad-model') throw error;
    return false;
  }
}

async function download(worker, opened, { url, bytes }, keep, onBytes) {
  const name = `The model (${new URL(url).pathname.split('/').pop()})`;
  const response = await request(url, name, { signal: worker.ended });
  keep(response);
  const { port1, port2 } = new MessageChannel();
  const given = opened.then(
    () => worker.call('model', { bytes, port: port2, verify: false }, { transfer: [port2] }));
  const sent = pieces(response, name, bytes, piece => {
    onBytes(piece.length, 'network');
    send(port1, piece);
  });
  await Promise.all([given, sent]);
}

/** Moved, not copied: pieces wait in the port until the Worker runs. */
function send(port, piece) {
  port.postMessage(piece, [piece.buffer]);
}

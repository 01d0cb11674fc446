// The model: from an earlier visit or the network to the Worker, piece by piece as it comes.

import { FileCache } from '../shared/file-cache.js';
import { bringPieces } from './resumable-download.js';

const CACHE = 'heybagh-models-1';

/** Opens the cache at once, before it is known which model is wanted. */
export class ModelSource {
  #cache = new FileCache(CACHE);

  /**
   * A model whose weights are not those that the manifest names is asked for once more, past the browser's cache.
   *
   * @param {import('./engine-client.js').EngineClient} worker
   * @param {Promise<any>} opened when the Worker has the index, by which it knows a model that is damaged
   * @param {{id: string, url: string, bytes: number}} model as the manifest names it
   * @param {(bytes: number, source: 'cache' | 'network') => void} onBytes less than 0 for what has to come again
   * @returns {Promise<boolean>} when the Worker has it; true if it was kept from an earlier visit
   * @throws {import('../shared/errors.js').HeyBaghError} as `bringPieces`, `bad-model`, `model-mismatch`
   */
  async obtain(worker, opened, model, onBytes) {
    const key = keyOf(model);
    const kept = await this.#cache.read(key);
    if (kept && await giveKept(worker, opened, model, kept)) {
      onBytes(model.bytes, 'cache');
      return true;
    }
    if (kept) await this.#cache.remove(key);
    const copy = await download(worker, opened, model, onBytes, {}).catch(error => {
      if (!isAnother(error)) throw error;
      onBytes(-model.bytes, 'network');
      return download(worker, opened, model, onBytes, { cache: 'reload' });
    });
    this.#cache.replace(key, copy);
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
  const { port, given } = offer(worker, opened, bytes);
  await opened;
  send(port, kept);
  try {
    await given;
    return true;
  } catch (error) {
    if (!isAnother(error)) throw error;
    return false;
  }
}

const isAnother = ({ code }) => code === 'bad-model' || code === 'model-mismatch';

/** Tells what has come, a Blob, when the Worker has found it whole. */
async function download(worker, opened, { url, bytes }, onBytes, options) {
  const name = `The model (${new URL(url).pathname.split('/').pop()})`;
  const { port, given } = offer(worker, opened, bytes);
  const parts = []; // Blobs, which browsers keep out of the page's memory
  const sent = bringPieces(url, name, bytes, piece => {
    onBytes(piece.length, 'network');
    parts.push(new Blob([piece]));
    send(port, piece);
  }, { ...options, signal: worker.ended });
  await Promise.all([given, sent]);
  return new Blob(parts);
}

/** @returns {{port: MessagePort, given: Promise<void>}} where pieces go, and when the Worker has taken them all */
function offer(worker, opened, bytes) {
  const { port1, port2 } = new MessageChannel();
  const given = opened.then(() => worker.call('model', { bytes, port: port2 }, { transfer: [port2] }));
  given.catch(() => {}); // waited for by who sends the pieces, if they come
  return { port: port1, given };
}

/** Moved, not copied: pieces wait in the port until the Worker runs. */
function send(port, piece) {
  port.postMessage(piece, [piece.buffer]);
}

// Brings the model to the Worker piece by piece, from an earlier visit or over the network.

import { HeyBaghError } from '../shared/errors.js';
import { FileCache } from '../shared/file-cache.js';
import { bringPieces } from './resumable-download.js';

/** @import { NamedModel } from '../shared/manifest.js' */
/** @import { Source } from '../shared/types.js' */
/** @import { EngineClient } from './engine-client.js' */

/** @typedef {(bytes: number, source: Source) => void} OnBytes */

const CACHE = 'heybagh-models-1';

/** Opens the cache at once, before the name of the model is known. */
export class ModelSource {
  #cache = new FileCache(CACHE);

  /**
   * Brings the model. If its weights are not those that the manifest names, it is downloaded again without the HTTP cache.
   *
   * @param {EngineClient} worker
   * @param {Promise<unknown>} opened settles when the Worker has the index, with which it verifies the model
   * @param {NamedModel} model
   * @param {OnBytes} onBytes called with a negative number for bytes that must be downloaded again
   * @returns {Promise<boolean>} settles when the Worker has the model; true if it was saved on an earlier visit
   * @throws {HeyBaghError} the errors of `bringPieces`, `bad-model`, `model-mismatch`
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

/**
 * The key contains the id, so a saved copy is never out of date.
 *
 * @param {NamedModel} model
 */
function keyOf({ id, url }) {
  const key = new URL(url);
  key.searchParams.append('heybagh-model', id);
  return key.href;
}

/**
 * @param {EngineClient} worker
 * @param {Promise<unknown>} opened
 * @param {NamedModel} model
 * @param {Uint8Array<ArrayBuffer>} kept
 * @returns {Promise<boolean>} false if the copy is damaged
 */
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

/** @param {unknown} error */
function isAnother(error) {
  return error instanceof HeyBaghError && ['bad-model', 'model-mismatch'].includes(error.code);
}

/**
 * @param {EngineClient} worker
 * @param {Promise<unknown>} opened
 * @param {NamedModel} model
 * @param {OnBytes} onBytes
 * @param {RequestInit} options
 * @returns {Promise<Blob>} the model, after the Worker has verified it
 */
async function download(worker, opened, { url, bytes }, onBytes, options) {
  const name = `The model (${new URL(url).pathname.split('/').pop()})`;
  const { port, given } = offer(worker, opened, bytes);
  /** @type {Blob[]} browsers keep them out of the page's memory */
  const parts = [];
  const sent = bringPieces(url, name, bytes, piece => {
    onBytes(piece.length, 'network');
    parts.push(new Blob([piece]));
    send(port, piece);
  }, { ...options, signal: worker.ended });
  await Promise.all([given, sent]);
  return new Blob(parts);
}

/**
 * @param {EngineClient} worker
 * @param {Promise<unknown>} opened
 * @param {number} bytes
 * @returns {{port: MessagePort, given: Promise<void>}} where to send the pieces; `given` settles when the Worker has them all
 */
function offer(worker, opened, bytes) {
  const { port1, port2 } = new MessageChannel();
  const given = opened.then(() => worker.call('model', { bytes, port: port2 }, { transfer: [port2] }));
  given.catch(() => {}); // the sender of the pieces awaits it, if there are any
  return { port: port1, given };
}

/**
 * Moves the piece instead of copying it. Pieces wait in the port until the Worker runs.
 *
 * @param {MessagePort} port
 * @param {Uint8Array<ArrayBuffer>} piece
 */
function send(port, piece) {
  port.postMessage(piece, [piece.buffer]);
}

// Calls to the Worker as promises. Every promise ends: by the answer, by the Worker's breakdown, or by `end`.

import { HeyBaghError } from './errors.js';

/** The page's end of the line to one Worker. */
export class WorkerClient {
  #worker;
  #calls = new Map();
  #lastId = 0;
  #ended = new AbortController();

  /** @type {object} what the engine holds and has fetched, as of the last message that told */
  usage = {};

  /** @throws {HeyBaghError} `engine-failed` where Workers are forbidden */
  constructor() {
    try {
      this.#worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    } catch (error) {
      throw new HeyBaghError('engine-failed', `The engine's Worker cannot start on this page: ${error.message}`);
    }
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onmessageerror = () => this.end(brokenDown('a message could not be read'));
    this.#worker.onerror = event => this.end(brokenDown(event.message ?? 'its script could not be loaded'));
  }

  /** @returns {AbortSignal} aborted by `end`, for what is done on behalf of the Worker */
  get ended() {
    return this.#ended.signal;
  }

  /**
   * @param {string} method
   * @param {object} args
   * @param {{transfer?: Transferable[], onProgress?: (progress: object) => void}} [options]
   * @returns {Promise<any>}
   * @throws {HeyBaghError}
   */
  call(method, args, { transfer = [], onProgress } = {}) {
    if (this.ended.aborted) return Promise.reject(this.ended.reason);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject, onProgress });
      this.#worker.postMessage({ id, method, args }, transfer);
    });
  }

  /**
   * Stops the Worker and frees its memory. Calls that are waiting, and all that come, fail with this error.
   *
   * @param {HeyBaghError} error
   */
  end(error) {
    this.#ended.abort(error);
    this.#worker.terminate();
    for (const { reject } of this.#calls.values()) reject(this.ended.reason);
    this.#calls.clear();
  }

  #receive({ id, progress, error, value, usage }) {
    if (usage) this.usage = usage;
    const call = this.#calls.get(id);
    if (!call) return;
    if (progress) return call.onProgress?.(progress);
    this.#calls.delete(id);
    if (!error) return call.resolve(value);
    const failure = new HeyBaghError(error.code, error.message);
    call.reject(failure);
    if (failure.code === 'crashed') this.end(failure);
  }
}

function brokenDown(why) {
  return new HeyBaghError('crashed', `The engine's Worker broke down: ${why}. Load it again.`);
}

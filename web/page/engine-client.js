// Calls to the engine's Worker as promises. Every promise ends: by the answer, by the Worker's breakdown, when it has
// not given a sign of life for DEAD_BEATS, or by `end`. Where no Worker can be started, the engine answers from the
// page's own thread.

import { HeyBaghError } from '../shared/errors.js';
import { BEAT, DEAD_BEATS, QUIET_BEATS } from '../shared/limits.js';
import { openLocal, openWorker } from './transport.js';

/** @import { Usage } from '../shared/types.js' */
/** @import { EngineService, Method } from '../engine/engine-service.js' */
/** @import { Line } from './transport.js' */

/**
 * A call that waits for its answer.
 *
 * @typedef {{resolve(value: unknown): void, reject(error: HeyBaghError): void, onProgress?(progress: unknown): void}} Call
 */

/** @type {Usage} */
const NOTHING = {
  heapBytes: 0, threads: 0, shards: { bytes: 0, files: 0 }, network: { bytes: 0, requests: 0 }, cached: { bytes: 0, files: 0 },
};

/** The page's end of the line to one engine. */
export class EngineClient {
  /** @type {Line} */
  #line;
  /**
   * What was asked before the first answer, to be asked again if no Worker starts; nothing is transferred so early.
   *
   * @type {{id: number, method: Method, args?: object}[] | null}
   */
  #early = [];
  /** @type {Map<number, Call>} by their ids */
  #calls = new Map();
  #lastId = 0;
  #ended = new AbortController();
  #silence = 0; // beats since the last message
  #beating = 0; // a timer, while something is asked

  /** @type {Usage} as of the last message that told */
  usage = NOTHING;

  constructor() {
    const worker = openWorker();
    this.#line = worker ?? this.#openLocal();
    this.#listen();
    if (worker) this.#watch(worker);
  }

  /** @param {Worker} worker */
  #watch(worker) {
    worker.onerror = event => {
      const neverRan = this.#early && !event.message; // a script that runs and fails has one
      if (neverRan) this.#goLocal();
      else this.end(brokenDown(event.message ?? 'its script could not be loaded'));
    };
  }

  /** @returns {AbortSignal} aborted by `end`, for what is done on behalf of the Worker */
  get ended() {
    return this.#ended.signal;
  }

  /**
   * Settles as the Worker does, and DEAD_BEATS after its last message at the latest.
   *
   * @template {Method} M
   * @param {M} method
   * @param {Parameters<EngineService[M]>[0]} [args]
   * @param {{transfer?: Transferable[], onProgress?: Parameters<EngineService[M]>[1]}} [options]
   * @returns {Promise<Awaited<ReturnType<EngineService[M]>>>}
   * @throws {HeyBaghError}
   */
  call(method, args, { transfer = [], onProgress } = {}) {
    if (this.ended.aborted) return Promise.reject(this.ended.reason);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject, onProgress });
      this.#early?.push({ id, method, args });
      this.#beating ||= setInterval(() => this.#beat(), BEAT);
      this.#line.postMessage({ id, method, args }, transfer);
    });
  }

  /**
   * Stops the Worker and frees its memory. Calls that are waiting, and all that come, fail with this error.
   *
   * @param {HeyBaghError} error
   */
  end(error) {
    this.#ended.abort(error);
    this.#line.terminate();
    clearInterval(this.#beating);
    for (const { reject } of this.#calls.values()) reject(this.ended.reason);
    this.#calls.clear();
  }

  #listen() {
    this.#line.onmessage = ({ data }) => this.#receive(data);
    this.#line.onmessageerror = () => this.end(brokenDown('a message could not be read'));
  }

  #openLocal() {
    return openLocal(error => this.end(brokenDown(error.message)));
  }

  #goLocal() {
    this.#line.terminate();
    this.#line = this.#openLocal();
    this.#listen();
    for (const message of this.#early ?? []) this.#line.postMessage(message, []);
  }

  #beat() {
    this.#silence++;
    if (this.#silence === QUIET_BEATS) this.#line.postMessage({ id: 0, method: 'ping' }, []);
    if (this.#silence < DEAD_BEATS) return;
    this.end(brokenDown(`nothing was heard of it for ${DEAD_BEATS * BEAT / 1000} seconds`));
  }

  #rest() {
    clearInterval(this.#beating);
    this.#beating = this.#silence = 0;
  }

  /** @param {MessageEvent['data']} message as engine-service.js sends it */
  #receive({ id, progress, error, value, usage }) {
    this.#early = null;
    this.#silence = 0;
    if (usage) this.usage = usage;
    const call = this.#calls.get(id);
    if (!call) return;
    if (progress) return call.onProgress?.(progress);
    this.#calls.delete(id);
    if (this.#calls.size === 0) this.#rest();
    if (!error) return call.resolve(value);
    const failure = new HeyBaghError(error.code, error.message);
    failure.mayBeRead = error.mayBeRead;
    call.reject(failure);
    if (failure.code === 'crashed') this.end(failure);
  }
}

/** @param {string} why */
function brokenDown(why) {
  return new HeyBaghError('crashed', `The engine's Worker broke down: ${why}. Load it again.`);
}

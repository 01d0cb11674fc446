// Calls the engine's Worker and returns promises. Each promise settles: with the answer, when the Worker crashes, when it
// has sent no message for DEAD_BEATS, or by `end`. Where no Worker can start, the engine runs in the page's own thread.

import { HeyBaghError } from '../shared/errors.js';
import { BEAT, DEAD_BEATS, QUIET_BEATS } from '../shared/limits.js';
import { openLocal, openWorker } from './transport.js';

/** @import { Usage } from '../shared/types.js' */
/** @import { EngineService, Method } from '../engine/engine-service.js' */
/** @import { Line } from './transport.js' */

/**
 * A pending call.
 *
 * @typedef {{resolve(value: unknown): void, reject(error: HeyBaghError): void, onProgress?(progress: unknown): void}} Call
 */

/** @type {Usage} */
const NOTHING = {
  heapBytes: 0, threads: 0, shards: { bytes: 0, files: 0 }, network: { bytes: 0, requests: 0 }, cached: { bytes: 0, files: 0 },
};

/** The page's connection to one engine. */
export class EngineClient {
  /** @type {Line} */
  #line;
  /**
   * Calls before the first answer, which are repeated if no Worker starts. Nothing is transferred in them.
   *
   * @type {{id: number, method: Method, args?: object}[] | null}
   */
  #early = [];
  /** @type {Map<number, Call>} by their ids */
  #calls = new Map();
  #lastId = 0;
  #ended = new AbortController();
  #silence = 0; // beats since the last message
  #beating = 0; // a timer, while calls are pending

  /** @type {Usage} from the last message that had it */
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
      const neverRan = this.#early && !event.message; // the error of a script that did run has one
      if (neverRan) this.#goLocal();
      else this.end(crashed(event.message ?? 'its script could not be loaded'));
    };
  }

  /** @returns {AbortSignal} aborted by `end`; stops the page's work for this Worker */
  get ended() {
    return this.#ended.signal;
  }

  /**
   * Calls a method of the engine. Settles at the latest DEAD_BEATS after the Worker's last message.
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
   * Stops the Worker and frees its memory. Pending and later calls fail with this error.
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
    this.#line.onmessageerror = () => this.end(crashed('a message could not be read'));
  }

  #openLocal() {
    return openLocal(error => this.end(crashed(error.message)));
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
    this.end(crashed(`it did not answer for ${DEAD_BEATS * BEAT / 1000} s`));
  }

  #rest() {
    clearInterval(this.#beating);
    this.#beating = this.#silence = 0;
  }

  /** @param {MessageEvent['data']} message from engine-service.js */
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
function crashed(why) {
  return new HeyBaghError('crashed', `The engine's Worker crashed: ${why}. Load it again.`);
}

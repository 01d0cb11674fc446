// The page's connection to an engine, which runs in a Worker or, where none can start, in the page's own thread.

import { isCrossOrigin, startCrossOriginWorker } from '../shared/cross-origin-worker.js';

/**
 * @typedef {object} Line has the methods of a Worker that are used
 * @property {(message: object, transfer: Transferable[]) => void} postMessage
 * @property {() => void} terminate
 * @property {((event: MessageEvent) => void) | null} onmessage
 * @property {((event: MessageEvent) => void) | null} onmessageerror
 */

/**
 * @returns {Worker | null} null where Workers are missing or forbidden; some browsers report that later, with an error event
 *   that has no message
 */
export function openWorker() {
  try {
    return isCrossOrigin(import.meta.url)
      ? startCrossOriginWorker('../worker.js', import.meta.url)
      : new Worker(new URL('../worker.js', import.meta.url), { type: 'module' });
  } catch {
    return null;
  }
}

/**
 * Runs an engine in the page's own thread, which cannot do anything else while the engine computes.
 *
 * @param {(error: Error) => void} onFailure called if it cannot be loaded
 * @returns {Line}
 */
export function openLocal(onFailure) {
  const { port1, port2 } = new MessageChannel();
  const ended = new AbortController();
  import('../engine/engine-service.js').then(({ serve }) => serve(port2, ended.signal)).catch(onFailure);
  const terminate = () => {
    ended.abort();
    port1.close();
  };
  return Object.assign(port1, { terminate });
}

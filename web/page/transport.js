// The page's end of the line to an engine: a Worker or, where none can be started, this very thread.

import { isCrossOrigin, startCrossOriginWorker } from '../shared/cross-origin-worker.js';

/**
 * @typedef {object} Line used like a Worker
 * @property {(message: object, transfer: Transferable[]) => void} postMessage
 * @property {() => void} terminate
 * @property {((event: MessageEvent) => void) | null} onmessage
 * @property {((event: MessageEvent) => void) | null} onmessageerror
 */

/**
 * @returns {Worker | null} null where Workers are missing or forbidden; some browsers tell that later, by an error event
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
 * An engine on the page's own thread, which stands still while it computes.
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

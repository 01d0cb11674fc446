// Threads: Workers that help the engine's with the network, in the memory that they share. Nothing depends on them.

import { isCrossOrigin, startCrossOriginWorker } from '../shared/cross-origin-worker.js';

/** @import { WasmEngine } from './wasm-engine.js' */

const STACK_BYTES = 64 * 1024;
const PAGES = { initial: 64, maximum: 4096 }; // as cmake/wasm.cmake links it: 4 MB and 256 MB

/** @returns {WebAssembly.Memory} as the builds for several threads import it */
export function sharedMemory() {
  return new WebAssembly.Memory({ ...PAGES, shared: true });
}

/**
 * Starts Workers that join the engine's team when they are ready. One that cannot start is not missed: who is there
 * does the work. They end with this Worker.
 *
 * @param {WasmEngine} engine
 * @param {WebAssembly.Module} module its own
 * @param {number} count
 */
export function callHelpers(engine, module, count) {
  for (let i = 0; i < count; i++) {
    const helper = isCrossOrigin(import.meta.url)
      ? startCrossOriginWorker('../helper.js', import.meta.url)
      : new Worker(new URL('../helper.js', import.meta.url), { type: 'module' });
    helper.onerror = event => event.preventDefault();
    helper.postMessage({ module, ...engine.placeForHelper(STACK_BYTES) });
  }
}

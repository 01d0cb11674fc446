// Threads: Workers that share the engine's memory and help to compute the network. The engine works without them, too.

import { isCrossOrigin, startCrossOriginWorker } from '../shared/cross-origin-worker.js';

/** @import { WasmEngine } from './wasm-engine.js' */

const STACK_BYTES = 64 * 1024;
const PAGES = { initial: 64, maximum: 4096 }; // 4 MB and 256 MB, as in cmake/wasm.cmake

/** @returns {WebAssembly.Memory} for the builds for several threads, which import it */
export function sharedMemory() {
  return new WebAssembly.Memory({ ...PAGES, shared: true });
}

/**
 * Starts Workers that join the engine's team when they are ready. If some cannot start, the others do the work. They end
 * with this Worker.
 *
 * @param {WasmEngine} engine
 * @param {WebAssembly.Module} module the engine's
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

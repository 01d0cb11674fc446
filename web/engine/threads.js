// Threads: Workers that help the engine's with the network. Only pages that are cross-origin isolated may share memory;
// nothing depends on it.

import { isCrossOrigin, startCrossOriginWorker } from '../shared/cross-origin-worker.js';

const MEMBERS_MAX = 4; // HB_WORKER_TEAM_MEMBERS_MAX
const STACK_BYTES = 64 * 1024;
const PAGES = { initial: 64, maximum: 4096 }; // as cmake/wasm.cmake links it: 4 MB and 256 MB

/**
 * @param {number} [wanted] at most so many
 * @returns {number} how many threads the engine should have here, its own Worker included
 */
export function membersFor(wanted = MEMBERS_MAX) {
  if (!globalThis.crossOriginIsolated) return 1;
  return Math.min(wanted, MEMBERS_MAX, navigator.hardwareConcurrency || 1);
}

/** @returns {WebAssembly.Memory} as the builds for several threads import it */
export function sharedMemory() {
  return new WebAssembly.Memory({ ...PAGES, shared: true });
}

/**
 * Starts Workers that join the engine's team when they are ready. One that cannot start is not missed: who is there
 * does the work. They end with this Worker.
 *
 * @param {import('./wasm-engine.js').WasmEngine} engine
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

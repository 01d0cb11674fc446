// Starts the compiled engine.

import { cannotRun, HeyBaghError } from '../shared/errors.js';
import { callHelpers, sharedMemory } from './threads.js';
import { makeImports } from './wasi.js';
import { WasmEngine } from './wasm-engine.js';

/** @import { Build } from '../shared/types.js' */
/** @import { WasmFunctions } from './wasm-engine.js' */

const isWorker = 'WorkerGlobalScope' in globalThis;

/**
 * @param {Build} build with more than one member, only in a Worker
 * @returns {Promise<WasmEngine>} an engine without model and index
 * @throws {HeyBaghError} `engine-failed`, `out-of-memory`
 */
export async function startWasm({ simd, file, members, module }) {
  if (members > 1 && !isWorker) throw new HeyBaghError('engine-failed', 'A page may not wait for other threads.');
  try {
    const shared = members > 1 ? sharedMemory() : null;
    const imports = makeImports(module, () => shared ?? own);
    const { exports } = await WebAssembly.instantiate(module, imports);
    const own = /** @type {WebAssembly.Memory} */ (exports.memory);
    const functions = /** @type {WasmFunctions} */ (exports);
    functions._initialize?.();
    const engine = new WasmEngine(functions, shared ?? own, { file, simd, members });
    callHelpers(engine, module, members - 1);
    return engine;
  } catch (error) {
    if (error instanceof HeyBaghError) throw error;
    throw cannotRun(file, error);
  }
}

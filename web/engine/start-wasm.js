// The compiled engine, set to work.

import { cannotRun, HeyBaghError } from '../shared/errors.js';
import { callHelpers, sharedMemory } from './threads.js';
import { makeImports } from './wasi.js';
import { WasmEngine } from './wasm-engine.js';

const isWorker = 'WorkerGlobalScope' in globalThis;

/**
 * @param {{simd: 'simd' | 'relaxed-simd', file: string, members: number, module: WebAssembly.Module}} build from
 *   `compileWasm`; for more than one member, only a Worker can start it
 * @returns {Promise<WasmEngine>} with no model and no index yet
 * @throws {HeyBaghError} `engine-failed`, `out-of-memory`
 */
export async function startWasm({ simd, file, members, module }) {
  if (members > 1 && !isWorker) throw new HeyBaghError('engine-failed', 'A page may not wait for other threads.');
  try {
    let memory = members > 1 ? sharedMemory() : undefined;
    /** @type {{exports: Record<string, any>}} */
    const { exports } = await WebAssembly.instantiate(module, makeImports(module, () => memory));
    memory ??= exports.memory;
    exports._initialize?.();
    const engine = new WasmEngine(exports, memory, { file, simd, members });
    callHelpers(engine, module, members - 1);
    return engine;
  } catch (error) {
    if (error instanceof HeyBaghError) throw error;
    throw cannotRun(file, error);
  }
}

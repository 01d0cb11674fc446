// The compiled engine, set to work.

import { HeyBaghError } from './errors.js';
import { makeImports } from './wasi.js';
import { WasmEngine } from './wasm-engine.js';

/**
 * @param {{simd: 'simd' | 'relaxed-simd', file: string, module: WebAssembly.Module}} build from `compileWasm`
 * @returns {Promise<WasmEngine>} with no model and no index yet
 * @throws {HeyBaghError} `engine-failed`, `out-of-memory`
 */
export async function startWasm({ simd, file, module }) {
  try {
    let memory;
    const { exports } = await WebAssembly.instantiate(module, makeImports(module, () => memory));
    memory = exports.memory;
    exports._initialize?.();
    return new WasmEngine(exports, simd);
  } catch (error) {
    if (error instanceof HeyBaghError) throw error;
    throw new HeyBaghError('engine-failed', `The engine (${file}) cannot run here: ${error.message}`);
  }
}

// The imports of the wasm. It is a standalone module, built without Emscripten's JavaScript. It needs a few WASI calls and
// has no access to network or page.

import { HeyBaghError } from '../shared/errors.js';

const SUCCESS = 0; // these three are errno values of WASI preview 1
const BAD_FILE = 8;
const NOT_SEEKABLE = 70;

const REALTIME_CLOCK = 0;

/** @typedef {(...values: number[]) => number | void} WasmImport */

/**
 * Makes the imports that a module needs. Unknown functions are replaced by one that throws an error with their name, so
 * that the module starts and a new import is found when it is used.
 *
 * @param {WebAssembly.Module} module
 * @param {() => WebAssembly.Memory} memory returns the instance's memory, or the memory to import
 * @returns {WebAssembly.Imports}
 */
export function makeImports(module, memory) {
  /** @type {Record<string, WasmImport>} */
  const known = { ...wasi(memory), ...environment };
  /** @type {WebAssembly.Imports} */
  const imports = {};
  for (const { module: space, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind === 'memory') {
      imports[space] = { ...imports[space], [name]: memory() };
      continue;
    }
    if (kind !== 'function') throw new HeyBaghError('engine-failed', `The engine needs a ${kind} ${space}.${name}, which does not exist here.`);
    imports[space] ??= {};
    imports[space][name] = known[name] ?? (() => {
      throw new HeyBaghError('crashed', `The engine called ${space}.${name}, which it should not need.`);
    });
  }
  return imports;
}

const environment = {
  emscripten_notify_memory_growth() {}, // no view of memory is kept
  // XNNPACK's plain SIMD build chooses kernels by it, as many cores suggest a large x86 processor.
  hardware_concurrency: () => navigator.hardwareConcurrency ?? 1,
};

/** @param {() => WebAssembly.Memory} memory */
function wasi(memory) {
  const view = () => new DataView(memory().buffer);
  const print = linePrinter();

  /** @type {Record<string, WasmImport>} all parameters are numbers; pointers are addresses in memory */
  const calls = {
    fd_write(fd, vectors, count, written) {
      if (fd !== 1 && fd !== 2) return BAD_FILE;
      let total = 0;
      for (let i = 0; i < count; i++) {
        const pointer = view().getUint32(vectors + 8 * i, true);
        const size = view().getUint32(vectors + 8 * i + 4, true);
        print(new Uint8Array(memory().buffer, pointer, size).slice()); // a copy, as decoders refuse shared memory
        total += size;
      }
      view().setUint32(written, total, true);
      return SUCCESS;
    },
    fd_close: () => SUCCESS,
    fd_seek: () => NOT_SEEKABLE,
    proc_exit(code) {
      throw new HeyBaghError('crashed', `The engine exited with code ${code}. Load it again.`);
    },
    // Some builds pass the 64-bit precision as a BigInt, others as two numbers. The pointer is always last.
    clock_time_get(clock, ...rest) {
      const milliseconds = performance.now() + (clock === REALTIME_CLOCK ? performance.timeOrigin : 0);
      view().setBigUint64(rest[rest.length - 1], BigInt(Math.round(milliseconds * 1e6)), true);
      return SUCCESS;
    },
    environ_sizes_get(count, size) {
      view().setUint32(count, 0, true);
      view().setUint32(size, 0, true);
      return SUCCESS;
    },
    environ_get: () => SUCCESS,
  };
  return calls;
}

/**
 * Collects lines for the console, as C writes pieces of them.
 *
 * @returns {(bytes: Uint8Array<ArrayBuffer>) => void}
 */
function linePrinter() {
  const decoder = new TextDecoder();
  let line = '';
  return bytes => {
    const lines = (line + decoder.decode(bytes, { stream: true })).split('\n');
    line = lines.pop() ?? '';
    for (const text of lines) console.error(text);
  };
}

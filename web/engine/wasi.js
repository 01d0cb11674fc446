// What the wasm needs from outside. It is a standalone module, built without Emscripten's JavaScript, so it asks for a
// handful of WASI calls, and for nothing of the network or the page.

import { HeyBaghError } from '../shared/errors.js';

const SUCCESS = 0; // errno values of WASI preview 1
const BAD_FILE = 8;
const NOT_SEEKABLE = 70;

const REALTIME_CLOCK = 0;

/** @typedef {(...values: number[]) => number | void} WasmImport */

/**
 * Makes the imports that a module asks for. A call that is not known here is replaced by a function that throws its
 * name, so that a new import is found when it is used rather than by a module that does not start.
 *
 * @param {WebAssembly.Module} module
 * @param {() => WebAssembly.Memory} memory the instance's memory, once there is an instance; of a module that imports
 *   its memory, that memory
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
    if (kind !== 'function') throw new HeyBaghError('engine-failed', `The engine wants a ${kind} ${space}.${name}.`);
    imports[space] ??= {};
    imports[space][name] = known[name] ?? (() => {
      throw new HeyBaghError('crashed', `The engine called ${space}.${name}, which it should not need.`);
    });
  }
  return imports;
}

const environment = {
  emscripten_notify_memory_growth() {}, // no view is kept that would have to be made anew
  // XNNPACK's plain SIMD build picks kernels by it: many cores are a sign of a large x86 processor.
  hardware_concurrency: () => navigator.hardwareConcurrency ?? 1,
};

/** @param {() => WebAssembly.Memory} memory */
function wasi(memory) {
  const view = () => new DataView(memory().buffer);
  const print = linePrinter();

  /** @type {Record<string, WasmImport>} pointers are numbers, and so is all that they point at */
  const calls = {
    fd_write(fd, vectors, count, written) {
      if (fd !== 1 && fd !== 2) return BAD_FILE;
      let total = 0;
      for (let i = 0; i < count; i++) {
        const pointer = view().getUint32(vectors + 8 * i, true);
        const size = view().getUint32(vectors + 8 * i + 4, true);
        print(new Uint8Array(memory().buffer, pointer, size).slice()); // no decoder takes memory that is shared
        total += size;
      }
      view().setUint32(written, total, true);
      return SUCCESS;
    },
    fd_close: () => SUCCESS,
    fd_seek: () => NOT_SEEKABLE,
    proc_exit(code) {
      throw new HeyBaghError('crashed', `The engine stopped by itself (exit code ${code}). Load it again.`);
    },
    // The 64-bit precision comes as one BigInt or as two numbers, as the build likes; the pointer is always last.
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
 * C writes in pieces, a console in lines.
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

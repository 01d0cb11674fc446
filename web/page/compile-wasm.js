// Chooses, downloads and compiles the engine's WebAssembly.

import { mayPass, onceMore, readBody, request } from '../shared/download.js';
import { cannotRun, HeyBaghError } from '../shared/errors.js';

/** @import { Build, Simd } from '../shared/types.js' */

const MEMBERS_MAX = 4; // HB_WORKER_TEAM_MEMBERS_MAX

/** @typedef {{file: string, url: URL}} BuildFile */

/**
 * The builds, the fastest first; all find the same results. Each exists for one thread and for several. Their addresses
 * are written out so that bundlers find the files.
 *
 * @type {{simd: Simd, supported: () => boolean, one: BuildFile, several: BuildFile}[]}
 */
const BUILDS = [
  {
    simd: 'relaxed-simd',
    supported: () => WebAssembly.validate(RELAXED_SIMD_PROBE),
    one: { file: 'heybagh-relaxed.wasm', url: new URL('../heybagh-relaxed.wasm', import.meta.url) },
    several: { file: 'heybagh-relaxed-threads.wasm', url: new URL('../heybagh-relaxed-threads.wasm', import.meta.url) },
  },
  {
    simd: 'simd',
    supported: () => WebAssembly.validate(SIMD_PROBE),
    one: { file: 'heybagh-simd.wasm', url: new URL('../heybagh-simd.wasm', import.meta.url) },
    several: { file: 'heybagh-simd-threads.wasm', url: new URL('../heybagh-simd-threads.wasm', import.meta.url) },
  },
];

// Minimal modules that are valid only in browsers with the feature. Each has one function, () -> v128.
const SIMD_PROBE = probe(0x41, 0, 0xfd, 0x0f); // i8x16.splat(0)
const RELAXED_SIMD_PROBE = probe(0x41, 0, 0xfd, 0x0f, 0x41, 0, 0xfd, 0x0f, 0xfd, 0x80, 0x02); // i8x16.relaxed_swizzle

/**
 * @param {...number} instructions
 * @returns {Uint8Array<ArrayBuffer>}
 */
function probe(...instructions) {
  const body = [0, ...instructions, 0x0b]; // no locals; end
  return Uint8Array.of(
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // "\0asm", version 1
    1, 5, 1, 0x60, 0, 1, 0x7b, // types: one, () -> v128
    3, 2, 1, 0, // functions: one, of type 0
    10, body.length + 2, 1, body.length, ...body, // code
  );
}

/**
 * Only cross-origin isolated pages may share memory between threads.
 *
 * @param {number} [wanted] the largest number
 * @returns {number} how many threads the engine should use here, including its Worker
 */
export function membersFor(wanted = MEMBERS_MAX) {
  if (!globalThis.crossOriginIsolated) return 1;
  return Math.min(wanted, MEMBERS_MAX, navigator.hardwareConcurrency || 1);
}

/**
 * Downloads and compiles the fastest build that this browser can run.
 *
 * @param {Simd | undefined} wanted the instruction set; undefined: the best one
 * @param {number} members number of threads
 * @param {AbortSignal} [signal] ends the download
 * @returns {Promise<Build>}
 * @throws {HeyBaghError} `no-simd`, `download-failed`, `engine-failed`
 */
export async function compileWasm(wanted, members, signal) {
  const hasWasm = 'WebAssembly' in globalThis; // some locked-down browsers have none
  const build = BUILDS.find(({ simd, supported }) => hasWasm && (!wanted || simd === wanted) && supported());
  if (!build) throw new HeyBaghError('no-simd', 'This browser is too old for the engine: it lacks WebAssembly SIMD.');
  const { file, url } = members > 1 ? build.several : build.one;
  const module = await onceMore(options => compile(file, url, { signal, ...options }), signal, isWorthARetry);
  return { simd: build.simd, file, members, module };
}

/** @param {unknown} error */
function isWorthARetry(error) {
  return mayPass(error) || (error instanceof HeyBaghError && error.code === 'engine-failed');
}

/**
 * @param {string} file
 * @param {URL} url
 * @param {RequestInit} options
 */
async function compile(file, url, options) {
  const response = await request(url, file, options);
  // Many static hosts send .wasm with another type, which the streaming compiler refuses.
  const isStreamed = response.headers.get('Content-Type') === 'application/wasm';
  const compiled = isStreamed ? WebAssembly.compileStreaming(response.clone()) : null;
  compiled?.catch(() => {}); // thrown below, unless the download failed first
  const bytes = await readBody(response, file); // also read here, as the compiler has no time limit
  return (compiled ?? WebAssembly.compile(bytes)).catch(error => {
    throw cannotRun(file, error);
  });
}

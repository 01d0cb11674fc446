// The engine's WebAssembly: which build this browser can run, how it is compiled, and its C exports as methods.

import { readBody, request } from './download.js';
import { HeyBaghError } from './errors.js';
import { makeImports } from './wasi.js';

/** Both builds do the same; relaxed SIMD is faster. Best first. */
const BUILDS = [
  { simd: 'relaxed-simd', file: 'heybagh-relaxed.wasm', supported: () => WebAssembly.validate(RELAXED_SIMD_PROBE) },
  { simd: 'simd', file: 'heybagh-simd.wasm', supported: () => WebAssembly.validate(SIMD_PROBE) },
];

// The smallest modules that only a browser with the feature accepts: one function () -> v128.
const SIMD_PROBE = probe(0x41, 0, 0xfd, 0x0f); // i8x16.splat(0)
const RELAXED_SIMD_PROBE = probe(0x41, 0, 0xfd, 0x0f, 0x41, 0, 0xfd, 0x0f, 0xfd, 0x80, 0x02); // i8x16.relaxed_swizzle

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
 * Downloads and starts the fastest build that this browser can run.
 *
 * @param {'simd' | 'relaxed-simd'} [wanted] this build and no other
 * @returns {Promise<WasmEngine>} with no model and no index yet
 * @throws {HeyBaghError} `no-simd`, `download-failed`, `engine-failed`
 */
export async function startWasm(wanted) {
  const build = BUILDS.find(candidate => (!wanted || candidate.simd === wanted) && candidate.supported());
  if (!build) throw new HeyBaghError('no-simd', 'This browser is too old for the engine: it lacks WebAssembly SIMD.');
  try {
    const module = await compile(build.file);
    let memory;
    const { exports } = await WebAssembly.instantiate(module, makeImports(module, () => memory));
    memory = exports.memory;
    exports._initialize?.();
    return new WasmEngine(exports, build.simd);
  } catch (error) {
    if (error instanceof HeyBaghError) throw error;
    throw new HeyBaghError('engine-failed', `The engine (${build.file}) cannot run here: ${error.message}`);
  }
}

async function compile(file) {
  const response = await request(new URL(file, import.meta.url), file);
  // Many static hosts do not know .wasm and send another type, which the streaming compiler refuses.
  if (response.headers.get('Content-Type') === 'application/wasm') return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await readBody(response, file));
}

/**
 * src/wasm_api.c as a class. It hides pointers, ownership and text encoding, and turns every status but 0 into a
 * HeyBaghError. No view of memory outlives a call: memory grows, and then old views are detached.
 */
export class WasmEngine {
  #c;
  #context;
  #simd;

  /**
   * @param {WebAssembly.Exports} exports
   * @param {'simd' | 'relaxed-simd'} simd which build it is
   */
  constructor(exports, simd) {
    this.#c = exports;
    this.#simd = simd;
    this.#context = exports.hb_wasm_new();
    if (!this.#context) throw new HeyBaghError('out-of-memory', 'The browser has no memory left for the engine.');
  }

  /** @returns {number} bytes of wasm memory; it never shrinks */
  get heapBytes() {
    return this.#c.memory.buffer.byteLength;
  }

  /**
   * Room for a download, to be filled and given to `giveModel` or `giveFile`.
   *
   * @param {number} size in bytes
   * @returns {{memory: WebAssembly.Memory, pointer: number, size: number}}
   */
  allocate(size) {
    const pointer = this.#c.malloc(size) >>> 0;
    if (!pointer) throw new HeyBaghError('out-of-memory', `There is no memory for ${Math.ceil(size / 1e6)} MB more.`);
    return { memory: this.#c.memory, pointer, size };
  }

  /** Takes the weight file over, from `allocate`. */
  giveModel({ pointer, size }) {
    this.#check(this.#c.hb_wasm_model(this.#context, pointer, size));
  }

  /** @param {Uint8Array} bytes of index.json */
  parseManifest(bytes) {
    this.#lend(bytes, pointer => this.#check(this.#c.hb_wasm_manifest(this.#context, pointer, bytes.length)));
  }

  /** @returns {{name: string, bytes: number}[]} the files of the index, in the order that `giveFile` counts */
  files() {
    return Array.from({ length: this.#c.hb_wasm_file_count(this.#context) }, (_, i) => ({
      name: this.#text(this.#c.hb_wasm_file_name(this.#context, i)),
      bytes: this.#c.hb_wasm_file_bytes(this.#context, i) >>> 0,
    }));
  }

  /** Takes file `i` of the index over, from `allocate`. */
  giveFile(i, { pointer, size }) {
    this.#check(this.#c.hb_wasm_file(this.#context, i, pointer, size));
  }

  /** Ties model and index together and warms up; to be called once, when all is given. Takes some 100 ms. */
  start() {
    this.#check(this.#c.hb_wasm_start(this.#context));
  }

  /** @returns {object} what the engine knows of model and index, and which build it is */
  info() {
    const known = JSON.parse(this.#text(this.#c.hb_wasm_info(this.#context)));
    return { simd: this.#simd, ...known };
  }

  /**
   * Embeds a picture; `search` then looks for it.
   *
   * @param {{bytes: Uint8Array} | {pixels: Uint8Array, width: number, height: number}} image a file, or RGBA
   * @returns {Float32Array} unit length
   */
  embed({ bytes, pixels, width, height }) {
    const c = this.#c;
    if (bytes) this.#lend(bytes, pointer => this.#check(c.hb_wasm_embed(this.#context, pointer, bytes.length)));
    else this.#lend(pixels, pointer => this.#check(c.hb_wasm_embed_rgba(this.#context, pointer, width, height)));
    const vector = c.hb_wasm_vector(this.#context) >>> 0;
    return new Float32Array(c.memory.buffer, vector, c.hb_wasm_dim(this.#context)).slice();
  }

  /**
   * Looks for the picture that was embedded last.
   *
   * @param {{k: number, nprobe?: number, exact?: boolean, labels?: string[], minScore?: number}} options
   * @returns {{results: {id: number, path: string, label: string, score: number}[], nprobe: number, scanned: number,
   *   timings: object}}
   */
  search({ k, nprobe = 0, exact = false, labels = [], minScore }) {
    const list = new TextEncoder().encode(labels.map(label => `${label}\0`).join(''));
    this.#lend(list, pointer => this.#check(this.#c.hb_wasm_search(
      this.#context, k, nprobe, Number(exact), pointer, list.length, Number(minScore !== undefined), minScore ?? 0)));
    return JSON.parse(this.#text(this.#c.hb_wasm_answer(this.#context)));
  }

  /** Copies bytes in for the time of one call; nothing at all is pointer 0. */
  #lend(bytes, use) {
    if (!bytes.length) return use(0);
    const { memory, pointer } = this.allocate(bytes.length);
    try {
      new Uint8Array(memory.buffer, pointer, bytes.length).set(bytes);
      return use(pointer);
    } finally {
      this.#c.free(pointer);
    }
  }

  #check(status) {
    if (status === 0) return;
    const code = this.#text(this.#c.hb_wasm_status_text(status));
    throw new HeyBaghError(code, asSentence(this.#text(this.#c.hb_wasm_error(this.#context))));
  }

  #text(pointer) {
    const bytes = new Uint8Array(this.#c.memory.buffer, pointer >>> 0);
    return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  }
}

/** The library words its errors to follow "index-builder: photo.jpg: "; here they stand alone. */
function asSentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

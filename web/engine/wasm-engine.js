// The C functions of the engine as methods of a class.

import { HeyBaghError } from '../shared/errors.js';

/** @import { Pixels, Region, Simd } from '../shared/types.js' */

const NO_FILE = 0xffffffff;
const REFUSALS = ['unsupported-image', 'corrupt-image'];
const WHOLE = { x: 0, y: 0, width: 1, height: 1 };

/**
 * The exports of src/api/wasm_api.c, `malloc` and `free`. Parameters and results are numbers.
 *
 * @typedef {Record<string, (...values: number[]) => number>} WasmFunctions
 *
 * @typedef {{simd: Simd, file: string, members: number}} BuildName identifies a build; `members` is its number of threads
 *
 * @typedef {object} IndexFile
 * @property {string} name
 * @property {number} bytes
 * @property {boolean} needed true for head, centroids and table, which `start` needs
 *
 * @typedef {object} Known facts about model, index and build
 * @property {string} build
 * @property {Simd} simd
 * @property {string} model_id
 * @property {'crop' | 'whole' | 'both'} view
 * @property {string} head
 * @property {'f32' | 'f16' | 'i8' | ''} precision
 * @property {string} storage
 * @property {number} dim
 * @property {number} count
 * @property {number} nlist
 * @property {number} nprobe
 * @property {string[]} labels
 *
 * @typedef {object} Query checked options of a search
 * @property {number} k
 * @property {number} [nprobe]
 * @property {boolean} exact
 * @property {string[]} labels
 * @property {number} [minScore]
 * @property {boolean} distinct
 *
 * @typedef {object} Found
 * @property {{id: number, path: string, label: string, score: number, content: string, copies?: number}[]} results
 * @property {number} nprobe lists scanned so far
 * @property {number} planned lists to be scanned, as far as is known
 * @property {number} scanned pictures compared
 * @property {number} scan time of the scans in ms
 */

/**
 * Wraps src/api/wasm_api.c. It hides pointers, ownership and text encoding, and throws a HeyBaghError for every status but
 * 0. No view of memory is kept after a call, because views are detached when memory grows.
 */
export class WasmEngine {
  #c;
  #memory;
  #context;
  #build;
  #hasIndex = false;

  /**
   * @param {WasmFunctions} exports
   * @param {WebAssembly.Memory} memory
   * @param {BuildName} build
   */
  constructor(exports, memory, { file, simd, members }) {
    this.#c = exports;
    this.#memory = memory;
    this.#build = { build: file, simd };
    this.#context = this.#c.hb_wasm_new(members);
    if (!this.#context) throw new HeyBaghError('out-of-memory', 'The browser has no memory left for the engine.');
  }

  /** @returns {number} size of the wasm memory in bytes; it never shrinks */
  get heapBytes() {
    return this.#memory.buffer.byteLength;
  }

  /** @returns {boolean} whether there is an index */
  get hasIndex() {
    return this.#hasIndex;
  }

  /** @returns {number} threads that share the work on a picture, including those that have joined so far */
  get threads() {
    return this.#c.hb_wasm_threads(this.#context);
  }

  /**
   * Makes what a further thread needs.
   *
   * @param {number} stackBytes size of its stack
   * @returns {{memory: WebAssembly.Memory, stack: number, context: number}} `stack` is the end of the stack, as stacks grow
   *   downwards
   */
  placeForHelper(stackBytes) {
    const stack = Math.floor((this.#allocate(stackBytes) + stackBytes) / 16) * 16;
    return { memory: this.#memory, stack, context: this.#context };
  }

  /**
   * Takes the weight file piece by piece, so that memory holds it only once.
   *
   * @param {number} size in bytes
   * @returns {{fill: (piece: Uint8Array) => boolean, give: () => void}} call `fill` with each piece in turn; it returns true
   *   after the last. Then call `give`, which checks that the weights are those of the index. The index must be there. It
   *   throws `bad-model` or `model-mismatch`, after which another model may be tried
   */
  takeModel(size) {
    const pointer = this.#allocate(size);
    let filled = 0;
    return {
      fill: piece => {
        if (piece.length > size - filled) throw new RangeError('the model is larger than expected');
        this.#put(piece, pointer + filled);
        filled += piece.length;
        return filled === size;
      },
      give: () => this.#check(this.#c.hb_wasm_model(this.#context, pointer, size)),
    };
  }

  /** @param {Uint8Array} bytes of index.json */
  parseManifest(bytes) {
    this.#lend(bytes, pointer => this.#check(this.#c.hb_wasm_manifest(this.#context, pointer, bytes.length)));
    this.#hasIndex = true;
  }

  /**
   * @returns {IndexFile[]} the files of the index, in the order of their numbers. If the index has a table, the files of
   *   lists are known only after the table was given
   */
  files() {
    return Array.from({ length: this.#c.hb_wasm_file_count(this.#context) }, (_, i) => ({
      name: this.#text(this.#c.hb_wasm_file_name(this.#context, i)),
      bytes: this.#c.hb_wasm_file_bytes(this.#context, i) >>> 0,
      needed: Boolean(this.#c.hb_wasm_file_is_needed(this.#context, i)),
    }));
  }

  /**
   * Copies file `i` of the index into memory and checks its hash and its content. After an error it may be called again.
   *
   * @param {number} i
   * @param {Uint8Array} bytes
   */
  giveFile(i, bytes) {
    const pointer = this.#allocate(bytes.length);
    this.#put(bytes, pointer);
    this.#check(this.#c.hb_wasm_file(this.#context, i, pointer, bytes.length));
  }

  /**
   * Frees the memory of file `i`, which must be a file of lists.
   *
   * @param {number} i
   */
  releaseFile(i) {
    this.#c.hb_wasm_release(this.#context, i);
  }

  /** Makes the engine ready. Call it once, when the model and all needed files were given. */
  start() {
    this.#check(this.#c.hb_wasm_start(this.#context));
  }

  /** @returns {Known} */
  info() {
    const known = JSON.parse(this.#text(this.#c.hb_wasm_info(this.#context)));
    return { ...this.#build, ...known };
  }

  /**
   * Decodes and crops a picture. This needs neither model nor index: without an index, which tells the view, it has the
   * crops of every view, first that of the view crop, then those of whole.
   *
   * @param {{bytes: Uint8Array} | Pixels} image a file, or pixels from the browser's decoder
   * @param {Region} [region] default: the whole picture
   * @returns {Uint8Array} its crops, one behind the other, for `embed`
   * @throws {HeyBaghError} with `mayBeRead`
   */
  crop(image, region = WHOLE) {
    const c = this.#c;
    const part = [region.x, region.y, region.width, region.height];
    if ('bytes' in image) {
      const { bytes } = image;
      this.#lend(bytes, at => this.#check(c.hb_wasm_crop_file(this.#context, at, bytes.length, ...part)));
    } else {
      const { pixels, width, height } = image;
      this.#lend(pixels, at => this.#check(c.hb_wasm_crop_rgba(this.#context, at, width, height, ...part)));
    }
    const length = c.hb_wasm_crop_count(this.#context) * c.hb_wasm_crop_bytes();
    return new Uint8Array(this.#memory.buffer, c.hb_wasm_crops(this.#context) >>> 0, length).slice();
  }

  /**
   * @param {Uint8Array} crops from `crop`
   * @param {boolean} [every] whether `crop` had no index
   * @returns {Float32Array} unit length
   */
  embed(crops, every = false) {
    const c = this.#c;
    const size = c.hb_wasm_crop_bytes();
    const chosen = every ? this.#choose(crops, size) : crops;
    const count = chosen.length / size;
    if (!Number.isInteger(count)) throw new RangeError('these are not crops');
    this.#lend(chosen, at => this.#check(c.hb_wasm_embed(this.#context, at, count)));
    const vector = c.hb_wasm_vector(this.#context) >>> 0;
    return new Float32Array(this.#memory.buffer, vector, c.hb_wasm_dim(this.#context)).slice();
  }

  /**
   * @param {Uint8Array} crops of every view
   * @param {number} size of a crop
   * @returns {Uint8Array} those of the model's view; for both, tiles of a long picture do without the centre
   */
  #choose(crops, size) {
    const { view } = this.info();
    if (view === 'crop') return crops.subarray(0, size);
    return view === 'both' && crops.length === 2 * size ? crops : crops.subarray(size);
  }

  /**
   * Embeds a black crop, so that the browser optimises the network's code before the first photo. Needs a model.
   */
  warmUp() {
    this.embed(new Uint8Array(this.#c.hb_wasm_crop_bytes()));
  }

  /** @returns {{decode: number, preprocess: number, network: number, head: number}} ms of the last `crop` and `embed` */
  timings() {
    return JSON.parse(this.#text(this.#c.hb_wasm_timings(this.#context)));
  }

  /**
   * Begins a search. Several searches may run at the same time.
   *
   * @param {Float32Array} query unit length
   * @param {Query} options
   * @returns {{run: () => number[], files: () => number[], answer: () => Found, free: () => void}} `run` scans the lists
   *   that are in memory and returns the files of those that are not, the nearest list first; `files` returns all files
   *   that the search scans; `answer` returns the results so far; `free` must be called at the end
   */
  startSearch(query, options) {
    const c = this.#c;
    const context = this.#context;
    const search = c.hb_wasm_search_new(context);
    if (!search) throw new HeyBaghError('out-of-memory', asSentence(this.#text(c.hb_wasm_error(context))));
    const free = () => c.hb_wasm_search_free(search);
    try {
      this.#begin(search, query, options);
    } catch (error) {
      free();
      throw error;
    }
    return {
      run: () => {
        this.#check(c.hb_wasm_search_run(context, search));
        return this.#numbers(c.hb_wasm_search_missing(search), c.hb_wasm_search_missing_count(search));
      },
      files: () => this.#plannedFiles(search),
      answer: () => {
        const answer = c.hb_wasm_search_answer(context, search);
        if (!answer) throw new HeyBaghError('out-of-memory', 'There is not enough memory for the answer.');
        return JSON.parse(this.#text(answer));
      },
      free,
    };
  }

  /**
   * @param {number} search
   * @param {Float32Array} query
   * @param {Query} options
   */
  #begin(search, query, { k, nprobe = 0, exact, labels, minScore, distinct }) {
    const list = new TextEncoder().encode(labels.map(label => `${label}\0`).join(''));
    const vector = new Uint8Array(query.buffer, query.byteOffset, query.byteLength);
    this.#lend(vector, values => this.#lend(list, names => this.#check(this.#c.hb_wasm_search_start(
      this.#context, search, values, k, nprobe, Number(exact), names, list.length,
      Number(minScore !== undefined), minScore ?? 0, Number(distinct)))));
  }

  /** @param {number} search */
  #plannedFiles(search) {
    /** @type {Set<number>} */
    const files = new Set();
    for (let place = 0; ; place++) {
      const file = this.#c.hb_wasm_search_file(search, place) >>> 0;
      if (file === NO_FILE) return [...files];
      files.add(file);
    }
  }

  /**
   * Copies bytes into memory for one call. Without bytes the pointer is 0.
   *
   * @param {Uint8Array} bytes
   * @param {(pointer: number) => void} use
   */
  #lend(bytes, use) {
    if (!bytes.length) return use(0);
    const pointer = this.#allocate(bytes.length);
    try {
      this.#put(bytes, pointer);
      return use(pointer);
    } finally {
      this.#c.free(pointer);
    }
  }

  /** @param {number} size in bytes */
  #allocate(size) {
    const pointer = this.#c.malloc(size) >>> 0;
    if (!pointer) throw new HeyBaghError('out-of-memory', `There is not enough memory: ${Math.ceil(size / 1e6)} MB more are needed.`);
    return pointer;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} pointer
   */
  #put(bytes, pointer) {
    new Uint8Array(this.#memory.buffer, pointer, bytes.length).set(bytes);
  }

  /** @param {number} status */
  #check(status) {
    if (status === 0) return;
    const code = this.#text(this.#c.hb_wasm_status_text(status));
    const error = new HeyBaghError(code, asSentence(this.#text(this.#c.hb_wasm_error(this.#context))));
    error.mayBeRead = REFUSALS.includes(code) && !this.#c.hb_wasm_is_incomplete(this.#context);
    throw error;
  }

  /**
   * @param {number} pointer
   * @param {number} count of uint32
   */
  #numbers(pointer, count) {
    return count === 0 ? [] : Array.from(new Uint32Array(this.#memory.buffer, pointer >>> 0, count));
  }

  /** @param {number} pointer of a C string */
  #text(pointer) {
    const bytes = new Uint8Array(this.#memory.buffer, pointer >>> 0);
    return new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0))); // a copy, as decoders refuse shared memory
  }
}

/**
 * The library's error texts are made to follow "index-builder: photo.jpg: ". Here they stand alone.
 *
 * @param {string} text
 */
function asSentence(text) {
  const beginsWithFile = /^\S+\.\w/.test(text);
  return `${beginsWithFile ? text.charAt(0) : text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

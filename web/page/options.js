// Checks the options of a call. Errors name the option and its range.

import { HeyBaghError } from '../shared/errors.js';
import { resolveUrl, resolveWebUrl } from '../shared/url.js';

/** @import { LoadOptions, Region, SearchOptions, Simd } from '../shared/types.js' */

const K_MAX = 16384; // as in Milvus
const SIMD_BUILDS = ['simd', 'relaxed-simd'];
const MEMORY_DEFAULT = 32 * 1024 * 1024;
const MEMORY_MAX = 128 * 1024 * 1024; // half of the engine's memory; model and photos need the other half

/**
 * @typedef {object} Start checked options of `HeyBagh.load`, with absolute URLs
 * @property {string} indexUrl of index.json
 * @property {string} [modelUrl] replaces the one that the index names
 * @property {Simd} [simd]
 * @property {number} [threads]
 * @property {number} memory
 * @property {boolean} prefetch
 */

/**
 * @param {Partial<LoadOptions>} [options] from the caller, of any types
 * @returns {Start}
 * @throws {HeyBaghError} `invalid-argument`
 */
export function checkLoadOptions({
  index, model, simd, threads, memory = MEMORY_DEFAULT, prefetch = false, onProgress,
} = {}) {
  const isOnDisk = typeof index === 'string' && resolveUrl(index, document.baseURI)?.protocol === 'file:';
  check(!isOnDisk, 'This page was opened from the disk, where it cannot load an index. Use a web server.');
  const folder = resolveAddress(index);
  const modelUrl = resolveAddress(model);
  check(folder, 'index must be the address of a bundle, such as "bundle/".');
  check(model === undefined || modelUrl, 'model must be the address of a model file.');
  check(simd === undefined || SIMD_BUILDS.includes(simd), `simd must be one of ${SIMD_BUILDS.join(', ')}.`);
  check(threads === undefined || isInteger(threads, 1, Infinity), 'threads must be a positive integer.');
  check(isInteger(memory, 0, MEMORY_MAX), `memory must be an integer from 0 to ${MEMORY_MAX} (bytes).`);
  check(typeof prefetch === 'boolean', 'prefetch must be true or false.');
  checkFunction(onProgress, 'onProgress');
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  return { indexUrl: new URL('index.json', folder).href, modelUrl: modelUrl?.href, simd, threads, memory, prefetch };
}

/**
 * @param {SearchOptions | undefined} options from the caller, of any types
 * @param {number} nlist of the index
 * @returns {{k: number, nprobe?: number, exact: boolean, labels: string[], minScore?: number, distinct: boolean, partial: boolean}}
 * @throws {HeyBaghError} `invalid-argument`
 */
export function checkSearchOptions({
  k = 4, nprobe, exact = false, labels = [], minScore, distinct = false, partial = false, onResults,
} = {}, nlist) {
  check(isInteger(k, 1, K_MAX), `k must be an integer from 1 to ${K_MAX}.`);
  check(nprobe === undefined || isInteger(nprobe, 1, nlist), `nprobe must be an integer from 1 to ${nlist}.`);
  check(typeof exact === 'boolean', 'exact must be true or false.');
  check(Array.isArray(labels) && labels.every(isLabel), 'labels must be an array of strings that are not empty.');
  check(minScore === undefined || isScore(minScore), 'minScore must be a number from -1 to 1.');
  check(typeof distinct === 'boolean', 'distinct must be true or false.');
  check(typeof partial === 'boolean', 'partial must be true or false.');
  checkFunction(onResults, 'onResults');
  return { k, nprobe, exact, labels, minScore, distinct, partial };
}

/**
 * @param {Region} [region]
 * @returns {Region | undefined} a copy
 * @throws {HeyBaghError} `invalid-argument`
 */
export function checkRegion(region) {
  if (region === undefined) return undefined;
  const { x, y, width, height } = region ?? {};
  check(isPart(x, width) && isPart(y, height),
    'region must be {x, y, width, height}, in fractions from 0 to 1 of the picture\'s width and height.');
  return { x, y, width, height };
}

/**
 * @param {Float32Array} vector
 * @param {number} dim of the index
 * @returns {Float32Array} a copy of unit length
 * @throws {HeyBaghError} `invalid-argument`
 */
export function checkVector(vector, dim) {
  check(vector.length === dim, `The vector has ${vector.length} numbers; the vectors of the index have ${dim}.`);
  const length = Math.hypot(...vector);
  check(length > 0 && length < Infinity, 'The numbers of a vector must be finite and not all 0.');
  return vector.map(x => x / length);
}

/**
 * @param {unknown} value
 * @param {number} least
 * @param {number} most
 */
function isInteger(value, least, most) {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/** @param {unknown} value */
function isLabel(value) {
  return typeof value === 'string' && value !== '' && !value.includes('\0');
}

/**
 * Allows for rounding errors in the sum, as the engine does.
 *
 * @param {unknown} start
 * @param {unknown} size
 */
function isPart(start, size) {
  return typeof start === 'number' && typeof size === 'number' && start >= 0 && size > 0 && start + size <= 1 + 1e-9;
}

/** @param {unknown} value */
function isScore(value) {
  return typeof value === 'number' && value >= -1 && value <= 1;
}

/** @param {unknown} value */
function resolveAddress(value) {
  const isText = typeof value === 'string' && value !== '';
  return isText || value instanceof URL ? resolveWebUrl(value, document.baseURI) : null;
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function checkFunction(value, name) {
  check(value === undefined || typeof value === 'function', `${name} must be a function.`);
}

/**
 * @param {unknown} holds
 * @param {string} message
 * @returns {asserts holds}
 */
function check(holds, message) {
  if (!holds) throw new HeyBaghError('invalid-argument', message);
}

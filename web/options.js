// The parameters of a call, checked before they travel: what is out of range is named with its range.

import { HeyBaghError } from './errors.js';
import { resolveWebUrl } from './url.js';

const K_MAX = 16384; // as in Milvus
const SIMD_BUILDS = ['simd', 'relaxed-simd'];

/**
 * @param {object} options as `HeyBagh.load` documents them
 * @returns {{indexUrl: string, modelUrl?: string, simd?: string}} absolute URLs
 * @throws {HeyBaghError} `invalid-argument`
 */
export function checkLoadOptions({ index, model, simd, onProgress } = {}) {
  const folder = resolveAddress(index);
  const modelUrl = resolveAddress(model);
  check(folder, 'index must be the address of a bundle, such as "bundle/".');
  check(model === undefined || modelUrl, 'model must be the address of a model file.');
  check(simd === undefined || SIMD_BUILDS.includes(simd), `simd must be one of ${SIMD_BUILDS.join(', ')}.`);
  check(onProgress === undefined || typeof onProgress === 'function', 'onProgress must be a function.');
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  return { indexUrl: new URL('index.json', folder).href, modelUrl: modelUrl?.href, simd };
}

/**
 * @param {object} options as `HeyBagh#search` documents them
 * @param {number} nlist of the index
 * @returns {{k: number, nprobe?: number, exact: boolean, labels: string[], minScore?: number}}
 * @throws {HeyBaghError} `invalid-argument`
 */
export function checkSearchOptions({ k = 4, nprobe, exact = false, labels = [], minScore } = {}, nlist) {
  check(isInteger(k, 1, K_MAX), `k must be an integer from 1 to ${K_MAX}.`);
  check(nprobe === undefined || isInteger(nprobe, 1, nlist), `nprobe must be an integer from 1 to ${nlist}.`);
  check(typeof exact === 'boolean', 'exact must be true or false.');
  check(Array.isArray(labels) && labels.every(isLabel), 'labels must be an array of strings that are not empty.');
  check(minScore === undefined || isScore(minScore), 'minScore must be a number from -1 to 1.');
  return { k, nprobe, exact, labels, minScore };
}

function isInteger(value, least, most) {
  return Number.isInteger(value) && value >= least && value <= most;
}

function isLabel(value) {
  return typeof value === 'string' && value !== '' && !value.includes('\0');
}

function isScore(value) {
  return typeof value === 'number' && value >= -1 && value <= 1;
}

function resolveAddress(value) {
  const isText = typeof value === 'string' && value !== '';
  return isText || value instanceof URL ? resolveWebUrl(value, document.baseURI) : null;
}

function check(holds, message) {
  if (!holds) throw new HeyBaghError('invalid-argument', message);
}

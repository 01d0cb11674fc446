// What JavaScript takes from index.json, checked before it is used. The engine reads the rest itself.

import { HeyBaghError } from './errors.js';
import { resolveWebUrl } from './url.js';

const MAX_BYTES = 256 * 1024 * 1024; // the engine's memory is capped at this

/** @typedef {{id: string, url: string, bytes: number}} NamedModel */

/**
 * @param {Uint8Array} bytes of index.json
 * @param {string} url where it came from; what it names is relative to this
 * @returns {{model: NamedModel | null, imageUrl: string, thumbUrl: string}} no model for an index of ready-made
 *   vectors; templates for `pictureUrls`, without thumbnails ''
 * @throws {HeyBaghError} `bad-index`
 */
export function readManifest(bytes, url) {
  const { model, image_url: imageUrl, thumb_url: thumbUrl = '' } = parseObject(bytes);
  checkTemplate(imageUrl, url, 'image_url', '{path}');
  if (thumbUrl !== '') checkTemplate(thumbUrl, url, 'thumb_url', '{content}');
  return { model: model === null ? null : readModel(model, url), imageUrl, thumbUrl };
}

/**
 * @param {Partial<NamedModel> | undefined} model as the JSON has it: nothing is known of its fields
 * @param {string} base
 * @returns {NamedModel}
 */
function readModel(model, base) {
  const { id = '', url: address, bytes = 0 } = model ?? {};
  const url = resolveText(address, base);
  if (!url) throw badIndex('model.url is not an address');
  checkSize(bytes, 'model.bytes');
  if (!/^[0-9a-f]{64}$/.test(id)) throw badIndex('model.id is not a hash');
  return { id, url: url.href, bytes };
}

/**
 * Checks the files that the engine found in the manifest: plain names, and sizes that can fit into memory.
 *
 * @param {{name: string, bytes: number, needed: boolean}[]} files
 * @throws {HeyBaghError} `bad-index`
 */
export function checkFiles(files) {
  for (const { name, bytes } of files) {
    if (!/^[\w.-]+$/.test(name) || name.includes('..')) throw badIndex(`"${name}" is not a plain file name`);
    checkSize(bytes, name);
  }
  const total = files.reduce((sum, { bytes, needed }) => sum + (needed ? bytes : 0), 0);
  checkSize(total, 'the sum of what every search needs');
}

/**
 * A path goes down from where the template says, and nowhere else: steps up, and those that would name another host,
 * are left out.
 *
 * @param {{imageUrl: string, thumbUrl: string}} templates from the manifest
 * @param {{path: string, content: string}} result
 * @param {string} base the URL of index.json
 * @returns {{url: string, thumb: string}} absolute URLs of the picture and of its thumbnail, or the picture again
 */
export function pictureUrls({ imageUrl, thumbUrl }, { path, content }, base) {
  const steps = path.split('/').filter(step => !['', '.', '..'].includes(step));
  const encoded = steps.map(encodeURIComponent).join('/');
  const url = new URL(imageUrl.replaceAll('{path}', () => encoded), base).href;
  return { url, thumb: thumbUrl ? new URL(thumbUrl.replaceAll('{content}', content), base).href : url };
}

/** @param {Uint8Array} bytes */
function parseObject(bytes) {
  try {
    return Object(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    throw badIndex('it is not JSON');
  }
}

/**
 * @param {unknown} value
 * @param {string} base
 */
function resolveText(value, base) {
  return typeof value === 'string' && value !== '' ? resolveWebUrl(value, base) : null;
}

/**
 * @param {unknown} value
 * @param {string} base
 * @param {string} name of the value
 * @param {string} place that it must have
 */
function checkTemplate(value, base, name, place) {
  if (resolveText(value, base) && String(value).includes(place)) return;
  throw badIndex(`${name} is not an address with ${place} in it`);
}

/**
 * @param {number} bytes
 * @param {string} what
 */
function checkSize(bytes, what) {
  if (Number.isInteger(bytes) && bytes >= 1 && bytes <= MAX_BYTES) return;
  throw badIndex(`${what} must be 1 to ${MAX_BYTES} bytes`);
}

/** @param {string} why */
function badIndex(why) {
  return new HeyBaghError('bad-index', `index.json cannot be used: ${why}. Build the index again.`);
}

// The parts of index.json that JavaScript uses, checked first. The engine reads the rest.

import { HeyBaghError } from './errors.js';
import { resolveWebUrl } from './url.js';

const MAX_BYTES = 256 * 1024 * 1024; // the engine's memory is capped at this

/** @import { About } from './types.js' */

/** @typedef {{id: string, url: string, bytes: number}} NamedModel */
/** @typedef {{model: NamedModel | null, imageUrl: string, thumbUrl: string, about: About}} Manifest */

/**
 * @param {Uint8Array} bytes of index.json
 * @param {string} url where it came from; the addresses in it are relative to this
 * @returns {Manifest} the model, null for an index of ready-made vectors; templates for `pictureUrls`, the second '' if
 *   there are no thumbnails; and what is said of the pictures
 * @throws {HeyBaghError} `bad-index`
 */
export function readManifest(bytes, url) {
  const { model, image_url: imageUrl, thumb_url: thumbUrl = '', about } = parseObject(bytes);
  checkTemplate(imageUrl, url, 'image_url', '{path}');
  if (thumbUrl !== '') checkTemplate(thumbUrl, url, 'thumb_url', '{content}');
  return { model: model === null ? null : readModel(model, url), imageUrl, thumbUrl, about: readAbout(about, url) };
}

/**
 * @param {unknown} about from the JSON; whatever is not as it should be is left out
 * @param {string} base
 * @returns {About}
 */
function readAbout(about, base) {
  const { title, description, credit, credit_url: creditUrl, licence } = Object(about);
  const text = (/** @type {unknown} */ value) => (typeof value === 'string' ? value : '');
  const url = text(creditUrl) && resolveWebUrl(text(creditUrl), base);
  return {
    title: text(title), description: text(description), credit: text(credit), creditUrl: url ? url.href : '', licence: text(licence),
  };
}

/**
 * @param {Partial<NamedModel> | undefined} model from the JSON, its fields not yet checked
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
 * Checks the files that the engine found in the manifest: their names must be plain, and they must fit into memory.
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
  checkSize(total, 'the files that every search needs, in all,');
}

/**
 * Makes the addresses of a picture. Its path cannot leave the place that the template names: steps up, and empty steps,
 * which could name another host, are dropped.
 *
 * @param {{imageUrl: string, thumbUrl: string}} templates from the manifest
 * @param {{path: string, content: string}} result
 * @param {string} base the URL of index.json
 * @returns {{url: string, thumb: string}} absolute URLs of the picture and its thumbnail; both the picture's if there are no thumbnails
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
    throw badIndex('it is not JSON', 'Check its address, or build the index again.');
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
 * @param {string} name of the value, for the error
 * @param {string} place the placeholder that it must contain
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

/**
 * @param {string} why
 * @param {string} [advice]
 */
function badIndex(why, advice = 'Build the index again.') {
  return new HeyBaghError('bad-index', `index.json cannot be used: ${why}. ${advice}`);
}

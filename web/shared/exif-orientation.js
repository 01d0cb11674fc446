// Which way up a PNG or a WebP was taken. Browsers turn a JPEG; of the others Chromium turns a PNG with EXIF before its
// data, and WebKit none, which a tiny picture of each kind finds out. The engine turns what it decodes itself (src/image/exif.c).

import { startsWith } from './picture-size.js';

/**
 * Pictures of 2 x 1 pixels that are to be shown turned, and so 1 x 2: EXIF in a PNG before its data and behind them, where
 * ImageMagick writes it, and in a WebP.
 */
const TURNED = {
  'png': 'iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAGmVYSWZNTQAqAAAACAABARIAAwAAAAEABgAAAAAAANZnS2kAAAALSURBVHjaY2D4DwABAgEA0RrLjwAAAABJRU5ErkJggg==',
  'png-late': 'iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAC0lEQVR42mNg+A8AAQIBANEay48AAAAaZVhJZk1NACoAAAAIAAEBEgADAAAAAQAGAAAAAAAA1mdLaQAAAABJRU5ErkJggg==',
  'webp': 'UklGRk4AAABXRUJQVlA4WAoAAAAIAAAAAQAAAAAAVlA4TA4AAAAvAQAAAAcQEf0PRET/A0VYSUYaAAAASUkqAAgAAAABABIBAwABAAAABgAAAAAAAAA=',
};

/** @typedef {keyof typeof TURNED} Kind where EXIF is */

/** @type {Map<Kind, Promise<boolean>>} */
const known = new Map();

/**
 * What is left to be done when this browser has decoded a picture.
 *
 * @param {Uint8Array} bytes of a file
 * @returns {Promise<number>} EXIF's number, 1 to 8; 1 is upright
 */
export async function orientationLeft(bytes) {
  const found = startsWith(bytes, '\x89PNG') ? inPng(bytes) : inWebp(bytes);
  if (!found || found.orientation === 1) return 1;
  return await isTurned(found.kind) ? 1 : found.orientation;
}

/**
 * @param {Kind} kind
 * @returns {Promise<boolean>} if the browser turns it
 */
function isTurned(kind) {
  const asked = known.get(kind) ?? showTurned(kind);
  known.set(kind, asked);
  return asked;
}

/** @param {Kind} kind */
async function showTurned(kind) {
  const bytes = Uint8Array.from(atob(TURNED[kind]), c => c.charCodeAt(0));
  try {
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const { width } = bitmap;
    bitmap.close();
    return width === 1;
  } catch {
    return true; // whoever cannot read this one reads no other
  }
}

/**
 * @param {Uint8Array} bytes
 * @returns {{kind: Kind, orientation: number} | undefined}
 */
function inPng(bytes) {
  const view = viewOf(bytes);
  /** @type {Kind} */
  let kind = 'png';
  for (let at = 8; at + 12 <= bytes.length;) {
    const size = view.getUint32(at);
    const type = nameAt(bytes, at + 4);
    if (type === 'IEND') break; // what follows is not the picture's
    if (type === 'IDAT') kind = 'png-late';
    if (type === 'eXIf') return { kind, orientation: inTiff(bytes.subarray(at + 8, at + 8 + size)) };
    at += 12 + size;
  }
  return undefined;
}

/**
 * @param {Uint8Array} bytes
 * @returns {{kind: Kind, orientation: number} | undefined}
 */
function inWebp(bytes) {
  if (nameAt(bytes, 0) !== 'RIFF' || nameAt(bytes, 8) !== 'WEBP') return undefined;
  const view = viewOf(bytes);
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true);
    if (nameAt(bytes, at) === 'EXIF') {
      const start = at + 8 + (nameAt(bytes, at + 8) === 'Exif' ? 6 : 0); // some write the name as in a JPEG
      return { kind: 'webp', orientation: inTiff(bytes.subarray(start, at + 8 + size)) };
    }
    at += 8 + size + size % 2;
  }
  return undefined;
}

const ORIENTATION = 0x0112;
const SHORT = 3;

/**
 * Of the first directory of a TIFF structure.
 *
 * @param {Uint8Array} bytes
 * @returns {number} 1 if there is none, or nonsense
 */
function inTiff(bytes) {
  const order = String.fromCharCode(...bytes.subarray(0, 2));
  const little = order === 'II';
  const view = viewOf(bytes);
  if ((!little && order !== 'MM') || bytes.length < 8 || view.getUint16(2, little) !== 42) return 1;
  const directory = view.getUint32(4, little);
  if (directory + 2 > bytes.length) return 1;
  const entries = view.getUint16(directory, little);
  for (let i = 0, at = directory + 2; i < entries && at + 12 <= bytes.length; i++, at += 12) {
    if (view.getUint16(at, little) !== ORIENTATION) continue;
    const isOneShort = view.getUint16(at + 2, little) === SHORT && view.getUint32(at + 4, little) === 1;
    const value = view.getUint16(at + 8, little);
    return isOneShort && value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** @param {Uint8Array} bytes */
function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 */
function nameAt(bytes, at) {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

// Whether a picture's file is all there, as far as it says how long it is: some browsers decode what is cut, and fill up
// the rest.

import { startsWith } from './picture-size.js';

/**
 * @param {Uint8Array} bytes of a file
 * @returns {string | undefined} what it is, such as "a WebP picture", if more of it should follow; undefined if not, and
 *   for formats that do not say
 */
export function findCut(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 12) return undefined;
  if (startsWith(bytes, 'RIFF')) return isCutRiff(view) ? 'a WebP picture' : undefined;
  if (startsWith(bytes, '\0\0\x01\0')) return isCutIcon(view) ? 'an icon' : undefined;
  const box = bytes.subarray(4);
  const name = BOXES.find(([type]) => startsWith(box, type))?.[1];
  return name && isCutBox(view) ? name : undefined;
}

/** @type {[string, string][]} how the first box goes on behind its size, and what the file then is */
const BOXES = [
  ['ftypavi', 'an AVIF picture'], ['ftyphe', 'a HEIC picture'], ['ftypm', 'a HEIC picture'], ['ftyp', 'a picture'],
  ['JXL ', 'a JPEG XL picture'],
];

/** The chunks of a WebP that have pixels, or frames with them. */
const PIXELS = ['VP8 ', 'VP8L', 'ALPH', 'ANMF'];

/**
 * Size and name of the whole, and then chunks with size and name, to even lengths. Also a chunk may say that it is longer
 * than the file, where the size of the whole was put right.
 *
 * @param {DataView} view
 */
function isCutRiff(view) {
  if (view.getUint32(4, true) + 8 > view.byteLength + 1) return true; // the last byte may be padding
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  for (let at = 12; at + 8 <= view.byteLength;) {
    const [chunk, size] = [bytes.subarray(at), view.getUint32(at + 4, true)];
    if (PIXELS.some(name => startsWith(chunk, name)) && at + 8 + size > view.byteLength) return true;
    at += 8 + size + size % 2;
  }
  return false;
}

/**
 * ISO/IEC 14496-12: a box is its size, its type and its content. Size 1: it is behind the type, in 64 bits; 0: the box
 * goes to the end.
 *
 * @param {DataView} view
 */
function isCutBox(view) {
  for (let at = 0; at + 8 <= view.byteLength;) {
    const short = view.getUint32(at);
    if (short === 0) return false;
    if (short === 1 && at + 16 > view.byteLength) return true;
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short;
    if (size < 8) return false; // nonsense
    at += size;
    if (at > view.byteLength) return true;
  }
  return false;
}

/**
 * A directory of 16 bytes an image, with its length and its place.
 *
 * @param {DataView} view
 */
function isCutIcon(view) {
  const count = view.getUint16(4, true);
  for (let i = 0, at = 6; i < count; i++, at += 16) {
    if (at + 16 > view.byteLength) return true;
    if (view.getUint32(at + 8, true) + view.getUint32(at + 12, true) > view.byteLength) return true;
  }
  return false;
}

const END_OF_JPEG = '\xff\xd9';
const END_OF_PNG = '\0\0\0\0IEND\xae\x42\x60\x82';

/**
 * What is to be put behind a JPEG or a PNG that lacks its end, though it may have all its pixels.
 *
 * @param {Uint8Array} bytes of a file
 * @returns {Uint8Array<ArrayBuffer> | undefined} undefined if it ends, and for all other formats
 */
export function missingEnd(bytes) {
  if (startsWith(bytes, '\xff\xd8')) return jpegEnds(bytes) ? undefined : toBytes(END_OF_JPEG);
  if (startsWith(bytes, '\x89PNG')) return pngEnds(bytes) ? undefined : toBytes(END_OF_PNG);
  return undefined;
}

/** @param {Uint8Array} bytes */
function pngEnds(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 8; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (startsWith(bytes.subarray(at + 4), 'IEND')) return true;
  }
  return false;
}

/**
 * A thumbnail has an end of its own, and a film may follow.
 *
 * @param {Uint8Array} bytes of a JPEG
 */
function jpegEnds(bytes) {
  for (let at = bytes.indexOf(0xff, 2); at >= 0; at = bytes.indexOf(0xff, at)) {
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xd9) return true;
    const isSegment = marker >= 0xc0 && marker !== 0xff && !(marker >= 0xd0 && marker <= 0xd8);
    at += isSegment ? 2 + (bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0) : marker === 0xff ? 1 : 2;
  }
  return false;
}

/** @param {string} text a character a byte */
function toBytes(text) {
  return Uint8Array.from(text, c => c.charCodeAt(0));
}

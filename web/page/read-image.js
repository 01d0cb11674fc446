// Turns any kind of image that a caller may pass into bytes or pixels for the Worker.

import { decodePicture } from '../shared/browser-decoder.js';
import { chunks, isUnanswered, request, STALLED } from '../shared/download.js';
import { HeyBaghError } from '../shared/errors.js';
import { TaskQueue } from '../shared/task-queue.js';
import { resolveUrl } from '../shared/url.js';
import { chooseDecoder } from './choose-decoder.js';
import { drawSvg, isSvg } from './draw-svg.js';

/** @import { ImageSource, Picture, Pixels } from '../shared/types.js' */

/**
 * @typedef {object} ReadImage
 * @property {Picture} image
 * @property {ArrayBuffer[]} transfer what goes to the Worker with it
 * @property {number} fetch time in ms that a download took, 0 without one
 * @property {((isDamaged: boolean) => Promise<Pixels | null>)} [decode] the browser's decoder, for a file that the
 *   engine refuses, perhaps for damage
 */

// A browser does not tell a page whether the network or the other site's CORS policy was the cause.
const UNREACHABLE = 'its site did not answer, or does not let other pages read its pictures; save the picture and choose '
  + 'the file instead';
const MAX_BYTES = 64e6; // far above any camera's JPEG, and fits into the engine's memory beside the model

// As many as browsers allow for one HTTP/1.1 host. With more, a download that waits for others would seem to stall.
const downloads = new TaskQueue(6);
let asked = 0;

/**
 * @param {ImageSource} image
 * @param {Promise<boolean>} workerReadsPixels whether the Worker can use the browser's decoder
 * @returns {Promise<ReadImage>}
 * @throws {HeyBaghError} `invalid-argument`, `unreadable-image`, `image-too-large`, `download-failed`
 */
export async function readImage(image, workerReadsPixels) {
  if (image instanceof ImageData) return ofPixels(image);
  const start = performance.now();
  const blob = image instanceof Blob ? image : await download(addressOf(image));
  const bytes = await readBlob(blob);
  const fetch = blob === image ? 0 : performance.now() - start;
  const drawing = isSvg(bytes) ? await drawSvg(bytes) : null;
  const decoder = drawing ? 'page' : await chooseDecoder(bytes, workerReadsPixels);
  const pixels = drawing ?? (decoder === 'page' ? await decodePicture(bytes) : null);
  if (pixels) return { image: pixels, transfer: [pixels.pixels.buffer], fetch };
  const file = { image: { bytes, byBrowser: decoder === 'worker' }, transfer: [bytes.buffer], fetch };
  return decoder === 'engine' ? { ...file, decode: async isDamaged => decodePicture(await readBlob(blob), isDamaged) } : file;
}

/**
 * @param {Exclude<ImageSource, Blob | ImageData>} image
 * @returns {string | URL}
 */
function addressOf(image) {
  if (image instanceof HTMLImageElement && image.currentSrc) return image.currentSrc;
  if (image instanceof URL || (typeof image === 'string' && image)) return image;
  throw invalid('image must be a File, a Blob, a URL, an ImageData or an <img> with a source.');
}

/**
 * Copies the pixels, because a transfer would empty the caller's ImageData.
 *
 * @param {ImageData} image
 */
function ofPixels({ data, width, height }) {
  if (!(data instanceof Uint8ClampedArray)) throw invalid('An ImageData must have 8 bits per channel.');
  const pixels = new Uint8Array(data);
  return { image: { pixels, width, height }, transfer: [pixels.buffer], fetch: 0 };
}

/** @param {Blob} blob */
async function readBlob(blob) {
  if (blob.size > MAX_BYTES) throw tooLarge('', blob.size);
  if (!blob.size) throw new HeyBaghError('unsupported-image', 'This file is empty. Choose another one.');
  const buffer = await blob.arrayBuffer().catch(() => {
    throw new HeyBaghError('unreadable-image', 'This file cannot be read: it is a folder, or it was moved or changed.');
  });
  return new Uint8Array(buffer);
}

/** @param {string | URL} address */
async function download(address) {
  const url = resolveUrl(address, document.baseURI);
  if (!url) throw invalid(`"${address}" is not the address of a picture.`);
  const name = `The picture at ${url.host || url.protocol}`;
  try {
    const bring = async () => readUpTo(MAX_BYTES, await request(url, name), name);
    return await downloads.add(-(asked++), bring).done; // the newest first
  } catch (error) {
    if (!isUnanswered(error) || error.cause === STALLED) throw error;
    const why = url.host ? UNREACHABLE : 'there is nothing at this address; choose another';
    throw new HeyBaghError('download-failed', `${name} could not be downloaded: ${why}.`);
  }
}

/**
 * Reads a body that may have no end.
 *
 * @param {number} most bytes
 * @param {Response} response
 * @param {string} name
 */
async function readUpTo(most, response, name) {
  const parts = [];
  let size = 0;
  for await (const piece of chunks(response, name)) {
    parts.push(piece);
    size += piece.length;
    if (size > most) throw tooLarge('more than ', most);
  }
  return new Blob(parts);
}

/**
 * @param {string} more 'more than ' if the size is not known
 * @param {number} bytes
 */
function tooLarge(more, bytes) {
  const size = Math.ceil(bytes / 1e6);
  const most = MAX_BYTES / 1e6;
  return new HeyBaghError('image-too-large', `This file has ${more}${size} MB; a picture may have up to ${most} MB.`);
}

/** @param {string} message */
function invalid(message) {
  return new HeyBaghError('invalid-argument', message);
}

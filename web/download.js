// Downloads that know how long they must be. Content-Length is not asked: with Content-Encoding it counts other bytes
// than those that arrive here. The sizes in the manifest are the truth.

import { HeyBaghError } from './errors.js';

/**
 * Starts a download.
 *
 * @param {URL | string} url
 * @param {string} name what people are told is being downloaded
 * @param {RequestInit} [options] of `fetch`
 * @returns {Promise<Response>} a response with a good status
 * @throws {HeyBaghError} `download-failed`
 */
export async function request(url, name, options) {
  const response = await fetch(url, options).catch(cause => {
    throw noAnswer(name, cause);
  });
  if (!response.ok) throw failed(name, `the server answered ${response.status}`);
  return response;
}

/**
 * Reads a whole body.
 *
 * @param {Response} response
 * @param {string} name
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 * @throws {HeyBaghError} `download-failed` if the connection breaks
 */
export async function readBody(response, name) {
  const buffer = await response.arrayBuffer().catch(cause => {
    throw noAnswer(name, cause);
  });
  return new Uint8Array(buffer);
}

/**
 * Reads a body of a known length piece by piece, and fails as soon as the length cannot be right.
 *
 * @param {Response} response
 * @param {string} name
 * @param {number} size that it must have, in bytes
 * @param {(piece: Uint8Array) => void} onPiece given every piece as it arrives, to keep
 * @throws {HeyBaghError} `bad-download` if the body is shorter or longer, `download-failed` if the connection breaks
 */
export async function pieces(response, name, size, onPiece) {
  let received = 0;
  for await (const piece of chunks(response, name)) {
    received += piece.length;
    if (received > size) throw wrongLength(name, `more than the ${size}`);
    onPiece(piece);
  }
  if (received < size) throw wrongLength(name, `${received} of the ${size}`);
}

/**
 * Reads a body of a known length.
 *
 * @param {Response} response
 * @param {string} name
 * @param {number} size that it must have, in bytes
 * @param {(bytes: number) => void} onBytes told the size of every piece that has arrived
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 * @throws {HeyBaghError} as `pieces`
 */
export async function readExactly(response, name, size, onBytes) {
  const body = new Uint8Array(size);
  let start = 0;
  await pieces(response, name, size, piece => {
    body.set(piece, start);
    start += piece.length;
    onBytes(piece.length);
  });
  return body;
}

/**
 * Whether a download failed for want of a network: a server that answers, with whatever status, is there.
 *
 * @param {Error} error as the functions of this module throw it
 * @returns {boolean}
 */
export function isUnanswered(error) {
  return error instanceof HeyBaghError && error.code === 'download-failed' && error.cause !== undefined;
}

/** The pieces of a body. Safari cannot iterate a stream by itself; and an abandoned download must be cancelled. */
async function* chunks(response, name) {
  const reader = response.body?.getReader();
  try {
    while (reader) {
      const { done, value } = await reader.read().catch(cause => {
        throw noAnswer(name, cause);
      });
      if (done) return;
      yield value;
    }
  } finally {
    reader?.cancel().catch(() => {});
  }
}

function noAnswer(name, cause) {
  const error = failed(name, 'the server did not answer, or the connection broke');
  return Object.assign(error, { cause });
}

function failed(name, why) {
  return new HeyBaghError('download-failed', `${name} could not be downloaded: ${why}.`);
}

function wrongLength(name, got) {
  return new HeyBaghError('bad-download', `${name} arrived damaged: ${got} bytes that it should have.`);
}

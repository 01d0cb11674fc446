// Downloads with a known length. It comes from the manifest and not from Content-Length, which counts compressed bytes
// where there is a Content-Encoding.

import { HeyBaghError } from './errors.js';
import { BACK_OFF, pause, STALL, STALL_BYTES, within } from './limits.js';

/** The `cause` of an error when a download stalls. */
export const STALLED = 'stalled';

// The start of a web page. Many hosts answer every address with one; no file that is loaded here starts like this.
const WEB_PAGE = /^(\s|<\?xml[^>]*>|<!--[^]*?-->)*<(!doctype html|html|head|body|title|meta|link|script)\b/i;
const BEGINNING = 512; // bytes to look at

/**
 * Starts a download.
 *
 * @param {URL | string} url
 * @param {string} name of the file, for error messages
 * @param {RequestInit} [options] as for `fetch`
 * @returns {Promise<Response>} a response with a status of 200 to 299; settles within STALL
 * @throws {HeyBaghError} `download-failed`
 */
export async function request(url, name, { signal, ...options } = {}) {
  const ended = new AbortController();
  const end = () => ended.abort(signal?.reason);
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end);
  const answer = fetch(url, { ...options, signal: ended.signal }).catch(cause => {
    throw noAnswer(name, cause);
  });
  const response = await inTime(answer, name).catch(error => {
    end();
    throw error;
  });
  if (!response.ok) throw badStatus(name, response);
  return response;
}

/**
 * Reads a whole body.
 *
 * @param {Response} response
 * @param {string} name
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 * @throws {HeyBaghError} `download-failed` if the connection breaks or stalls
 */
export async function readBody(response, name) {
  const parts = [];
  for await (const piece of chunks(response, name)) parts.push(piece);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/**
 * Reads a body of a known length piece by piece, and fails as soon as the length cannot be right.
 *
 * @param {Response} response
 * @param {string} name
 * @param {number} size expected, in bytes
 * @param {(piece: Uint8Array<ArrayBuffer>) => void} onPiece called with each piece as it arrives; may keep it
 * @throws {HeyBaghError} `bad-download` if the body is shorter or longer, `download-failed` if the connection breaks or
 *   stalls
 */
export async function pieces(response, name, size, onPiece) {
  let received = 0;
  for await (const piece of chunks(response, name)) {
    received += piece.length;
    if (received > size) throw tooLong(name, size);
    onPiece(piece);
  }
  if (received < size) throw tooShort(name, received, size);
}

/**
 * Reads a body of a known length.
 *
 * @param {Response} response
 * @param {string} name
 * @param {number} size expected, in bytes
 * @param {(bytes: number) => void} onBytes called with the size of each piece that arrives
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 * @throws {HeyBaghError} the errors of `pieces`
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
 * Tries something a second time if the first failure may be temporary.
 *
 * @template T
 * @param {(options: RequestInit) => Promise<T>} attempt called with extra options for its request: the second time, they
 *   bypass the HTTP cache
 * @param {AbortSignal} [signal] once it is aborted, there is no second try
 * @param {(error: unknown) => boolean} [isWorthIt] says whether the failure may be temporary
 * @returns {Promise<T>}
 */
export async function onceMore(attempt, signal, isWorthIt = mayPass) {
  try {
    return await attempt({});
  } catch (error) {
    if (!isWorthIt(error) || signal?.aborted) throw error;
    await pause(BACK_OFF);
    return attempt({ cache: 'reload' });
  }
}

/**
 * Tells whether a download failed because no server answered. An answer with an error status does not count.
 *
 * @param {unknown} error thrown by a function of this module
 * @returns {error is HeyBaghError}
 */
export function isUnanswered(error) {
  return error instanceof HeyBaghError && error.code === 'download-failed' && error.cause !== undefined;
}

/**
 * Tells whether the same request may succeed soon.
 *
 * @param {unknown} error thrown by a function of this module
 * @returns {boolean} false if the server says that the file does not exist or is forbidden, or sends a web page
 */
export function mayPass(error) {
  return error instanceof HeyBaghError && ['download-failed', 'bad-download'].includes(error.code)
    && !(error.status && error.status < 500);
}

/**
 * Yields the pieces of a body. Safari cannot iterate over a stream, and a download that nobody reads must be cancelled.
 *
 * @param {Response} response
 * @param {string} name
 * @returns {AsyncGenerator<Uint8Array<ArrayBuffer>>}
 * @throws {HeyBaghError} `download-failed` if the connection breaks or stalls, or what comes is a web page
 */
export async function* chunks(response, name) {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let beginning = '';
  let deadline = performance.now() + STALL;
  let bytes = 0;
  try {
    while (reader) {
      const read = reader.read().catch(cause => {
        throw noAnswer(name, cause);
      });
      const { done, value } = await inTime(read, name, deadline - performance.now());
      if (done) return;
      if (beginning.length < BEGINNING) {
        beginning += decoder.decode(value.subarray(0, BEGINNING), { stream: true });
        if (WEB_PAGE.test(beginning)) throw webPage(name, response);
      }
      bytes += value.length;
      if (bytes >= STALL_BYTES) [bytes, deadline] = [0, performance.now() + STALL];
      yield value;
    }
  } finally {
    reader?.cancel().catch(() => {});
  }
}

/**
 * @param {string} name
 * @param {number} received bytes
 * @param {number} size expected, in bytes
 * @returns {HeyBaghError} `bad-download`
 */
export function tooShort(name, received, size) {
  return wrongLength(name, `${received} of ${size} bytes`);
}

/**
 * @param {string} name
 * @param {number} size expected, in bytes
 * @returns {HeyBaghError} `bad-download`
 */
export function tooLong(name, size) {
  return wrongLength(name, `more than ${size} bytes`);
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {string} name
 * @param {number} [ms]
 */
function inTime(promise, name, ms = STALL) {
  return within(ms, promise, () => {
    return Object.assign(failed(name, `the connection stalled for ${STALL / 1000} s`), { cause: STALLED });
  });
}

/**
 * @param {string} name
 * @param {unknown} cause
 */
function noAnswer(name, cause) {
  const error = failed(name, 'the server did not answer or the connection broke');
  return Object.assign(error, { cause });
}

/**
 * @param {string} name
 * @param {Response} response
 */
function badStatus(name, { status, url }) {
  let why = `the server refused it (${status}); check that it may be read`;
  if (status === 404 || status === 410) why = `there is nothing at ${url} (${status}); check the address`;
  if (status >= 500) why = `the server has a problem (${status}); try again later`;
  return Object.assign(failed(name, why), { status });
}

/**
 * @param {string} name
 * @param {Response} response
 */
function webPage(name, { status, url }) {
  return Object.assign(failed(name, `there is a web page at ${url}; check the address`), { status });
}

/**
 * @param {string} name
 * @param {string} why
 */
function failed(name, why) {
  return new HeyBaghError('download-failed', `${name} could not be downloaded: ${why}.`);
}

/**
 * @param {string} name
 * @param {string} got
 */
function wrongLength(name, got) {
  return new HeyBaghError('bad-download', `${name} arrived damaged: ${got}.`);
}

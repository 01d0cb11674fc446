// Downloads that know how long they must be. Content-Length is not asked: with Content-Encoding it counts other bytes
// than those that arrive here. The sizes in the manifest are the truth.

import { HeyBaghError } from './errors.js';
import { BACK_OFF, pause, STALL, STALL_BYTES, within } from './limits.js';

/** The cause of the failure of a download that is too slow. */
export const STALLED = 'stalled';

// How a web page begins. Many hosts answer every address with one; none of the files that are wanted here begins so.
const WEB_PAGE = /^(\s|<\?xml[^>]*>|<!--[^]*?-->)*<(!doctype html|html|head|body|title|meta|link|script)\b/i;
const BEGINNING = 512; // bytes that are looked at

/**
 * Starts a download.
 *
 * @param {URL | string} url
 * @param {string} name what people are told is being downloaded
 * @param {RequestInit} [options] of `fetch`
 * @returns {Promise<Response>} a response with a good status; settles within STALL
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
 * @param {number} size that it must have, in bytes
 * @param {(piece: Uint8Array<ArrayBuffer>) => void} onPiece given every piece as it arrives, to keep
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
 * Does something once more if it failed as a network does now and then.
 *
 * @template T
 * @param {(options: RequestInit) => Promise<T>} attempt given what its request should have besides: the second
 *   trusts no cache
 * @param {AbortSignal} [signal] nothing is tried again when it is aborted
 * @param {(error: unknown) => boolean} [isWorthIt] whether the failure may pass
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
 * Whether a download failed for want of a network: a server that answers, with whatever status, is there.
 *
 * @param {unknown} error as the functions of this module throw it
 * @returns {error is HeyBaghError}
 */
export function isUnanswered(error) {
  return error instanceof HeyBaghError && error.code === 'download-failed' && error.cause !== undefined;
}

/**
 * Whether the same request may have another answer soon.
 *
 * @param {unknown} error as the functions of this module throw it
 * @returns {boolean} false for what the server says is not there, or not for us
 */
export function mayPass(error) {
  return error instanceof HeyBaghError && ['download-failed', 'bad-download'].includes(error.code)
    && !(error.status && error.status < 500);
}

/**
 * The pieces of a body. Safari cannot iterate a stream by itself; and an abandoned download must be cancelled.
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
 * @param {number} size bytes that it should have
 * @returns {HeyBaghError} `bad-download`
 */
export function tooShort(name, received, size) {
  return wrongLength(name, `${received} of the ${size}`);
}

/**
 * @param {string} name
 * @param {number} size bytes that it should have
 * @returns {HeyBaghError} `bad-download`
 */
export function tooLong(name, size) {
  return wrongLength(name, `more than the ${size}`);
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {string} name
 * @param {number} [ms]
 */
function inTime(promise, name, ms = STALL) {
  return within(ms, promise, () => {
    const why = `in ${STALL / 1000} seconds nothing came, or next to nothing`;
    return Object.assign(failed(name, why), { cause: STALLED });
  });
}

/**
 * @param {string} name
 * @param {unknown} cause
 */
function noAnswer(name, cause) {
  const error = failed(name, 'the server did not answer, or the connection broke');
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
  return Object.assign(failed(name, `there is a web page at ${url} instead; check the address`), { status });
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
  return new HeyBaghError('bad-download', `${name} arrived damaged: ${got} bytes that it should have.`);
}

// A large download that resumes where the connection broke.

import { chunks, mayPass, request, tooLong, tooShort } from '../shared/download.js';
import { BACK_OFF, pause, STALL_BYTES, TRIES } from '../shared/limits.js';

/** @import { HeyBaghError } from '../shared/errors.js' */

/**
 * Downloads a file of a known length piece by piece. When the download breaks, stalls or ends early, the rest is requested.
 * A server without ranges sends everything again, and the beginning is skipped. The pieces may come from different versions
 * of the file, so the caller must verify the whole. Settles at the latest TRIES times STALL after the last STALL_BYTES.
 *
 * @param {string} url
 * @param {string} name of the file, for error messages
 * @param {number} size in bytes
 * @param {(piece: Uint8Array<ArrayBuffer>) => void} onPiece called with each piece as it arrives; may keep it
 * @param {RequestInit} options of the first request; its `signal` ends the whole download
 * @throws {HeyBaghError} `download-failed`, `bad-download`
 */
export async function bringPieces(url, name, size, onPiece, options) {
  let received = 0;
  for (let tries = 0; ;) {
    const before = received;
    try {
      return await bringRest(url, name, size, before, piece => {
        received += piece.length;
        onPiece(piece);
      }, { ...options, ...howToGoOn(before, tries) });
    } catch (error) {
      if (received === size) return; // it broke after the last byte
      tries = received - before >= STALL_BYTES ? 1 : tries + 1;
      if (!mayPass(error) || tries >= TRIES || options.signal?.aborted) throw error;
      await pause(BACK_OFF * 2 ** (tries - 1));
    }
  }
}

/**
 * Servers of other origins may forbid the Range header, so every other request is sent without it.
 *
 * @param {number} received bytes
 * @param {number} tries so far
 * @returns {RequestInit}
 */
function howToGoOn(received, tries) {
  if (tries === 0) return {};
  const isRange = received > 0 && tries % 2 === 1;
  return { cache: 'no-store', headers: isRange ? { Range: `bytes=${received}-` } : {} };
}

/**
 * Downloads the bytes from `received` on.
 *
 * @param {string} url
 * @param {string} name
 * @param {number} size of the whole
 * @param {number} received
 * @param {(piece: Uint8Array<ArrayBuffer>) => void} onPiece
 * @param {RequestInit} options
 */
async function bringRest(url, name, size, received, onPiece, options) {
  const response = await request(url, name, options);
  let at = response.status === 206 ? received : 0;
  for await (const piece of chunks(response, name)) {
    const fresh = piece.subarray(Math.max(0, received - at));
    at += piece.length;
    if (at > size) throw tooLong(name, size);
    if (fresh.length > 0) onPiece(fresh);
  }
  if (at < size) throw tooShort(name, at, size);
}

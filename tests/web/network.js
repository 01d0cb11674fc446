// What a page and its Workers really fetch: Chromium's own network log, as its DevTools protocol tells it.

import { basename } from 'node:path';

/** Records from now on all that a page asks of a server; hand what it returns to `summarize`. */
export function recordNetwork(page) {
  const requests = [];
  page.on('request', request => requests.push(request));
  return requests;
}

/**
 * Sums up the requests for the files whose names a function picks, once they have ended.
 *
 * @returns {Promise<{requests: number, body: number, all: number}>} bytes as they came over the network: `body` of the
 *   bodies (0 if a cache answered, or the server with 304), `all` with the headers of the answers
 */
export async function summarize(log, picks) {
  const picked = log.filter(request => picks(basename(new URL(request.url()).pathname)));
  const sizes = await Promise.all(picked.map(request => request.sizes()));
  const total = name => sizes.reduce((sum, size) => sum + size[name], 0);
  const body = total('responseBodySize');
  return { requests: picked.length, body, all: body + total('responseHeadersSize') };
}

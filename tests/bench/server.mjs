// A static server as hosts are: dates, 304 for what has not changed, gzip for what it helps.

import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Link } from './link.mjs';

const TYPES = {
  '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css',
  '.json': 'application/json', '.svg': 'image/svg+xml', '.wasm': 'application/wasm', '.jpg': 'image/jpeg',
};
const COMPRESSED = new Set(['.html', '.js', '.mjs', '.css', '.json', '.svg', '.wasm']);
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const UNLIMITED = new Link(0, 0);
const NOTHING = Buffer.alloc(0);

/** The file that a path stands for: the root whose prefix is the longest. */
function find(pathname, roots) {
  const [prefix, folder] = roots.filter(([start]) => pathname.startsWith(start))
    .sort(([a], [b]) => b.length - a.length)[0] ?? [];
  if (folder === undefined || pathname.includes('..')) return null;
  const path = join(folder, decodeURIComponent(pathname.slice(prefix.length)));
  return path.endsWith('/') ? `${path}index.html` : path;
}

/**
 * @param {[prefix: string, folder: string][]} roots such as ['/', 'build/site/']; or a file by itself
 * @param {object} [options] may be changed between requests
 * @param {boolean} [options.isolated] pages may share memory between threads
 * @param {string} [options.cacheControl] what the server says of all files
 * @param {Record<string, string>} [options.headers] sent with every answer
 * @param {Link} [options.link] the line to it
 * @returns {Promise<{address: string, sent: {path: string, bytes: number}[], close: () => void}>} `sent` is a log, with
 *   the headers of answers in its bytes
 */
export async function serve(roots, options = {}) {
  const sent = [];
  const server = createServer(async (request, response) => {
    const { socket } = response;
    const before = socket.bytesWritten;
    const { isolated = false, cacheControl, headers: ours, link = UNLIMITED } = options;
    response.on('close', () => sent.push({ path: request.url, bytes: socket.bytesWritten - before }));
    await link.delay();
    const { status, headers = {}, body = NOTHING } = answerTo(request);
    if (isolated) Object.assign(headers, ISOLATED);
    if (cacheControl) headers['Cache-Control'] = cacheControl;
    Object.assign(headers, ours);
    response.writeHead(status, status === 304 ? headers : { ...headers, 'Content-Length': body.length });
    await link.send(response, body);
  });

  function answerTo({ url, headers: wishes }) {
    const path = find(new URL(url, 'http://localhost').pathname, roots);
    const stat = path && statSync(path, { throwIfNoEntry: false });
    if (!stat?.isFile()) return { status: 404 };
    const kind = extname(path);
    const modified = stat.mtime.toUTCString();
    const headers = { 'Content-Type': TYPES[kind] ?? 'application/octet-stream', 'Last-Modified': modified };
    if (wishes['if-modified-since'] === modified) return { status: 304, headers };
    if (!COMPRESSED.has(kind) || !/\bgzip\b/.test(wishes['accept-encoding'] ?? '')) {
      return { status: 200, headers, body: readFileSync(path) };
    }
    return { status: 200, headers: { ...headers, 'Content-Encoding': 'gzip' }, body: compress(path) };
  }

  await new Promise(done => { server.listen(0, '127.0.0.1', done); });
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    sent,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** web/ and, as wasm-simd/ and wasm-relaxed/, the builds, for pages with a clock of 5 microseconds. */
export function serveBuilds(root) {
  const builds = ['wasm-simd', 'wasm-relaxed'].map(build => [`/${build}/`, join(root, 'build', build)]);
  return serve([['/', join(root, 'web')], ...builds], { isolated: true });
}

const compressed = new Map();

function compress(path) {
  if (!compressed.has(path)) compressed.set(path, gzipSync(readFileSync(path), { level: 9 }));
  return compressed.get(path);
}

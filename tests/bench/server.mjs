// A static server as hosts are: dates, 304 for what has not changed, gzip for what it helps.

import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const TYPES = {
  '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css',
  '.json': 'application/json', '.svg': 'image/svg+xml', '.wasm': 'application/wasm', '.jpg': 'image/jpeg',
};
const COMPRESSED = new Set(['.html', '.js', '.mjs', '.css', '.json', '.svg', '.wasm']);
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** The file that a path stands for: the root whose prefix is the longest. */
function find(pathname, roots) {
  const [prefix, folder] = roots.filter(([start]) => pathname.startsWith(start))
    .sort(([a], [b]) => b.length - a.length)[0] ?? [];
  if (folder === undefined || pathname.includes('..')) return null;
  const path = join(folder, decodeURIComponent(pathname.slice(prefix.length)));
  return path.endsWith('/') ? `${path}index.html` : path;
}

/**
 * @param {[prefix: string, folder: string][]} roots such as ['/', 'build/site']; a file's own path may be a folder
 * @param {{isolated?: boolean}} [options] `isolated`: pages may share memory between threads
 * @returns {Promise<{address: string, close: () => void}>}
 */
export async function serve(roots, { isolated = false } = {}) {
  const compressed = new Map();
  const bodyOf = (path, modified, wanted) => {
    if (!wanted) return readFileSync(path);
    const key = `${path} ${modified}`;
    if (!compressed.has(key)) compressed.set(key, gzipSync(readFileSync(path), { level: 9 }));
    return compressed.get(key);
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const path = find(pathname, roots);
    const stat = path && statSync(path, { throwIfNoEntry: false });
    if (!stat?.isFile()) return response.writeHead(404).end();
    const kind = extname(path);
    const modified = stat.mtime.toUTCString();
    const headers = {
      'Content-Type': TYPES[kind] ?? 'application/octet-stream', 'Last-Modified': modified, ...(isolated ? ISOLATED : {}),
    };
    if (request.headers['if-modified-since'] === modified) return response.writeHead(304, headers).end();
    const gzip = COMPRESSED.has(kind) && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    const body = bodyOf(path, modified, gzip);
    if (gzip) headers['Content-Encoding'] = 'gzip';
    return response.writeHead(200, { ...headers, 'Content-Length': body.length }).end(body);
  });
  await new Promise(done => { server.listen(0, '127.0.0.1', done); });
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

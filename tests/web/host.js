// A static host that can go away, come back and get new deployments.

import { execFileSync } from 'node:child_process';
import { cpSync, createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { ROOT, SITE } from './support.js';

const TYPES = {
  '.css': 'text/css', '.html': 'text/html', '.jpg': 'image/jpeg', '.js': 'text/javascript', '.json': 'application/json',
  '.svg': 'image/svg+xml', '.wasm': 'application/wasm', '.webmanifest': 'application/manifest+json',
};
const PROGRAM = /\.(html|js|css|svg|wasm|webmanifest)$/;
const ROOMS = readdirSync(join(ROOT, 'web'), { withFileTypes: true }).filter(entry => entry.isDirectory())
  .map(({ name }) => name);
const isProgram = path => PROGRAM.test(path) || ['', ...ROOMS, 'bundle', 'bundle/index.json'].includes(path);

/** Serves the site of the other tests under a sub-path; program and index.json are a copy that tests may change. */
export class Host {
  static PATH = '/deep/site/';

  #folder = mkdtempSync(join(tmpdir(), 'heybagh-host-'));
  #server = null;
  #port = 0;

  #faults = []; // [pattern, fault, how often]

  /** Paths in the site that were asked for. */
  asked = [];

  /** All requests, as {method, path, headers, bytes}: `bytes` of their bodies. */
  requests = [];

  constructor() {
    const filter = source => isProgram(source.slice(SITE.length + 1));
    cpSync(SITE, this.#folder, { recursive: true, filter });
    this.deploy({});
  }

  /** @returns {string} address of the site */
  get url() {
    return `http://127.0.0.1:${this.#port}${Host.PATH}`;
  }

  /**
   * Puts a new deployment in place of the one before.
   *
   * @param {Record<string, (text: string) => string>} changes by the path of a file
   */
  deploy(changes) {
    this.spoil(changes);
    execFileSync('node', [join(ROOT, 'scripts/precache.mjs'), this.#folder]);
  }

  /** Changes files of which sw.js then tells otherwise. */
  spoil(changes) {
    for (const [name, change] of Object.entries(changes)) {
      const path = join(this.#folder, name);
      writeFileSync(path, change(readFileSync(path, 'utf8')));
    }
  }

  /**
   * From now on what matches is answered otherwise, and nothing else is any more.
   *
   * @param {RegExp} [pattern] of paths in the site; without one, all is well again
   * @param {import('./misbehaving.js').Fault} [fault]
   * @param {number} [times] that it happens
   */
  misbehave(pattern, fault, times = Infinity) {
    this.#faults = pattern ? [{ pattern, fault, times }] : [];
  }

  /** @returns {string} a file of the program */
  read(name) {
    return readFileSync(join(this.#folder, name), 'utf8');
  }

  start() {
    this.#server = createServer((request, response) => this.#answer(request, response));
    return new Promise(resolve => this.#server.listen(this.#port, '127.0.0.1', () => {
      this.#port = this.#server.address().port;
      resolve();
    }));
  }

  /** Nobody answers from now on. */
  stop() {
    const closed = new Promise(resolve => this.#server.close(resolve));
    this.#server.closeAllConnections();
    return closed;
  }

  async remove() {
    if (this.#server.listening) await this.stop();
    rmSync(this.#folder, { recursive: true });
  }

  #answer(request, response) {
    const { url, method, headers } = request;
    const { pathname } = new URL(url, this.url);
    const name = normalize(decodeURIComponent(pathname)).slice(Host.PATH.length) || 'index.html';
    this.asked.push(name);
    this.requests.push({ method, path: url, headers, bytes: Number(headers['content-length'] ?? 0) });
    const path = join(isProgram(name) ? this.#folder : SITE, name);
    if (!pathname.startsWith(Host.PATH) || !statSync(path, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    // Not kept by the browser itself, so that tests see what the site keeps.
    const type = TYPES[extname(name)] ?? 'application/octet-stream';
    const kind = { 'Content-Type': type, 'Cache-Control': 'no-store' };
    const fault = this.#faults.find(({ pattern, times }) => times > 0 && pattern.test(name));
    if (fault) {
      fault.times--;
      fault.fault(response, readFileSync(path), kind);
      return;
    }
    const [, from] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? [];
    const size = statSync(path).size;
    if (Number(from) >= size) {
      response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end();
      return;
    }
    const range = from && { 'Content-Range': `bytes ${from}-${size - 1}/${size}` };
    response.writeHead(from ? 206 : 200, { ...kind, ...range });
    createReadStream(path, { start: Number(from ?? 0) }).pipe(response);
  }
}

// web_winograd.mjs [SECONDS] [BUILD...]: convolutions by Winograd against XNNPACK's in Chromium, wasm builds simd and
// relaxed or those named, each shape for SECONDS (default 3), alternating. Prints a line for each shape: median and 2nd
// percentile of milliseconds, GMAC/s of the plain convolution at the median, bytes of packed weights and of scratch.
// Compares all outputs, by their hashes, with those of the native build.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const { chromium } = createRequire(join(ROOT, 'tests/web/package.json'))('@playwright/test');

const PAGE = '<!doctype html><title>bench</title><link rel="icon" href="data:,">';
const KINDS = ['winograd', 'winograd + sum', 'XNNPACK'];
const LAYERS = 4;
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' };
const side = layer => 56 >> layer;
const channels = layer => 64 << layer;
const macs = layer => side(layer) ** 2 * channels(layer) ** 2 * 9;

/** web/ and the builds. The two headers give the page a clock of 5 microseconds. */
function answer(request, response) {
  const { pathname } = new URL(request.url, 'http://localhost');
  const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
  if (pathname === '/') {
    return response.writeHead(200, { ...headers, 'Content-Type': 'text/html' }).end(PAGE);
  }
  if (!TYPES[extname(pathname)]) return response.writeHead(404).end();
  const path = join(ROOT, pathname.endsWith('.wasm') ? 'build' : 'web', pathname);
  return response.writeHead(200, { ...headers, 'Content-Type': TYPES[extname(path)] }).end(readFileSync(path));
}

/** In the page: times[layer][kind], milliseconds a run, and hashes[layer][kind]. */
async function measure([address, layers, kinds, seconds]) {
  const { makeImports } = await import('/wasi.js');
  const module = await WebAssembly.compile(await (await fetch(address)).arrayBuffer());
  let instance;
  instance = await WebAssembly.instantiate(module, makeImports(module, () => instance.exports.memory));
  const bench = instance.exports;
  bench._initialize?.();
  bench.bench_prepare();
  const results = [];
  for (let layer = 0; layer < layers; layer++) {
    const times = Array.from({ length: kinds }, () => []);
    const hashes = [];
    for (let kind = 0; kind < kinds; kind++) {
      bench.bench_run(layer, kind, 1);
      hashes.push(bench.bench_hash(layer) >>> 0);
    }
    const end = performance.now() + 1000 * seconds + 1000;
    while (performance.now() < end) {
      for (let kind = 0; kind < kinds; kind++) {
        const start = performance.now();
        bench.bench_run(layer, kind, 2);
        times[kind].push((performance.now() - start) / 2);
      }
    }
    for (const list of times) list.splice(0, list.length >> 2); // while V8 still optimizes
    results.push({ times, hashes, packed: bench.bench_bytes(layer, 0), scratch: bench.bench_bytes(layer, 1) });
  }
  return results;
}

const sorted = values => [...values].sort((a, b) => a - b);
const median = values => sorted(values)[values.length >> 1];
const low = values => sorted(values)[Math.floor(values.length / 50)];

function report(build, layer, { times, packed, scratch }) {
  const shape = `${side(layer)}x${side(layer)}x${channels(layer)}`.padEnd(10);
  const figures = times.map((list, kind) => {
    const ms = median(list);
    return `${KINDS[kind]} ${ms.toFixed(3)} (${low(list).toFixed(3)}) ms ${(macs(layer) / ms * 1e-6).toFixed(1)}`;
  });
  console.log(`${build.padEnd(8)} ${shape} ${figures.join('  ')}  packed ${packed} scratch ${scratch}`);
}

function nativeHashes() {
  const lines = execFileSync(join(ROOT, 'build/native/tests/bench/bench-winograd'), { encoding: 'utf8' });
  return lines.trim().split('\n').map(line => parseInt(line.split(' ')[2], 16));
}

async function main([seconds = 3, ...builds]) {
  const expected = nativeHashes().join();
  const server = createServer(answer);
  await new Promise(done => { server.listen(0, '127.0.0.1', done); });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'],
  });
  let same = true;
  try {
    const page = await browser.newPage();
    page.on('console', message => console.error(message.text()));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    for (const build of builds.length ? builds : ['simd', 'relaxed']) {
      const wasm = `/wasm-${build}/bench-winograd.wasm`;
      const results = await page.evaluate(measure, [wasm, LAYERS, KINDS.length, Number(seconds)]);
      results.forEach((result, layer) => report(build, layer, result));
      const equal = results.flatMap(({ hashes }) => hashes).join() === expected;
      console.log(`${build}: ${equal ? 'the same bits as natively' : 'NOT the same bits as natively'}`);
      same &&= equal;
    }
  } finally {
    await browser.close();
    server.close();
  }
  return same ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));

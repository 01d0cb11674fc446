// web_winograd.mjs [SECONDS] [BUILD...]: convolutions by Winograd against XNNPACK's in Chromium, wasm builds simd and
// relaxed or those named, each shape for SECONDS (default 3), alternating. Prints a line for each shape: median and 2nd
// percentile of milliseconds, GMAC/s of the plain convolution at the median, bytes of packed weights and of scratch.
// Compares all outputs, by their hashes, with those of the native build.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { launch } from './chromium.mjs';
import { ROOT } from './inputs.mjs';
import { serveBuilds } from './server.mjs';
import { median } from './stats.mjs';

const KINDS = ['winograd', 'winograd + sum', 'XNNPACK'];
const LAYERS = 4;
const side = layer => 56 >> layer;
const channels = layer => 64 << layer;
const macs = layer => side(layer) ** 2 * channels(layer) ** 2 * 9;

/** In the page: times[layer][kind], milliseconds a run, and hashes[layer][kind]. */
async function measure([address, layers, kinds, seconds]) {
  const { makeImports } = await import('/engine/wasi.js');
  const module = await WebAssembly.compile(await (await fetch(address)).arrayBuffer());
  const instance = await WebAssembly.instantiate(module, makeImports(module, () => instance.exports.memory));
  const bench = instance.exports;
  bench._initialize?.();
  bench.bench_prepare();
  const results = [];
  for (let layer = 0; layer < layers; layer++) {
    const times = Array.from({ length: kinds }, () => []);
    const hashes = [];
    for (let kind = 0; kind < kinds; kind++) {
      bench.bench_run(layer, kind, 1);
      hashes.push(bench.bench_hash(layer, kind) >>> 0);
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

const low = values => [...values].sort((a, b) => a - b)[Math.floor(values.length / 50)];

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
  const server = await serveBuilds(ROOT);
  const browser = await launch();
  let same = true;
  try {
    const page = await browser.newPage();
    page.on('console', message => {
      if (!message.location().url.endsWith('favicon.ico')) console.error(message.text());
    });
    await page.goto(`${server.address}favicon.svg`);
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

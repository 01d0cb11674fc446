// web_vectors.mjs DIRECTORY BUNDLE NPROBE...: searches of a bundle of ready-made vectors in Chromium, over loopback. The
// bundle was built from what vectors.py wrote to DIRECTORY. A JSON line for each NPROBE. Bytes are those of bodies in
// Chromium's own network log, of page and Worker; nothing is compressed on the way.
//   cold     somebody who was never here: a new profile for every query
//   again    comes back and asks the same
//   warm     asks many things, each twice: the second time, what it needs is in memory

import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recordNetwork, summarize } from '../web/network.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const { chromium } = createRequire(join(ROOT, 'tests/web/package.json'))('@playwright/test');

const COLD_VISITS = 40;
const WARM_QUERIES = 200;
const MEMORY = 128 * 1024 * 1024; // for lists: the most that the engine takes
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json' };
const PAGE = `<!doctype html><title>bench</title><script type="module">
  import { HeyBagh } from './heybagh.js';
  window.HeyBagh = HeyBagh;</script>`;

/* ---- The site: web/, the engine and the bundle, as a static server has them ---- */

function fileOf(path, bundle) {
  if (path.startsWith('/bundle/')) return join(bundle, path.slice('/bundle/'.length));
  if (path.endsWith('.wasm')) return join(ROOT, 'build', path.includes('relaxed') ? 'wasm-relaxed' : 'wasm-simd', path);
  return join(ROOT, 'web', path);
}

function answer(request, response, bundle) {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/') return response.writeHead(200, { 'Content-Type': 'text/html' }).end(PAGE);
  const path = fileOf(pathname, bundle);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return response.writeHead(404).end();
  const modified = stat.mtime.toUTCString();
  if (request.headers['if-modified-since'] === modified) return response.writeHead(304).end();
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': stat.size, 'Last-Modified': modified });
  return createReadStream(path).pipe(response);
}

function serve(bundle) {
  const server = createServer((request, response) => answer(request, response, bundle));
  return new Promise(done => { server.listen(0, '127.0.0.1', () => done(server)); });
}

/* ---- What vectors.py wrote ---- */

/** The rows of a matrix of 4-byte numbers, as np.save writes it. */
function readMatrix(path, Type) {
  const bytes = readFileSync(path);
  const start = 10 + bytes.readUInt16LE(8);
  const [rows, columns] = /'shape': \((\d+), (\d+)\)/.exec(bytes.toString('latin1', 0, start)).slice(1).map(Number);
  return Array.from({ length: rows }, (_, i) => {
    const first = start + i * columns * 4;
    return new Type(bytes.buffer.slice(bytes.byteOffset + first, bytes.byteOffset + first + columns * 4));
  });
}

function readData(directory) {
  const truth = readMatrix(join(directory, 'truth.npy'), Int32Array);
  return {
    queries: readMatrix(join(directory, 'queries.npy'), Float32Array).map(row => Array.from(row)),
    // a path ends in its row's number
    recall: (paths, q) => paths.filter(path => truth[q].includes(Number(path.split('/').pop()))).length / 4,
  };
}

/* ---- In the page ---- */

async function load(address, context) {
  const page = await context.newPage();
  const log = recordNetwork(page);
  await page.goto(address);
  await page.waitForFunction(() => window.HeyBagh);
  const loadMs = await page.evaluate(async memory => {
    const start = performance.now();
    window.engine = await HeyBagh.load({ index: 'bundle/', memory });
    return performance.now() - start;
  }, MEMORY);
  return { page, log, loadMs };
}

/** Milliseconds as the page's own clock tells them; `first` is the first answer, early or not. */
function search(page, query, nprobe) {
  return page.evaluate(async ([numbers, options]) => {
    const vector = Float32Array.from(numbers);
    const start = performance.now();
    let first = 0;
    const onResults = () => { first ||= performance.now() - start; };
    const { results, nprobe: lists, scanned, timings } = await engine.search(vector, { ...options, onResults });
    const final = performance.now() - start;
    return { paths: results.map(({ path }) => path), lists, scanned, scan: timings.scan, first: first || final, final };
  }, [query, { k: 4, nprobe }]);
}

/** What came for all but the page and the engine. */
const ofBundle = log => summarize(log, name => name !== '' && !/\.(js|wasm|ico)$/.test(name));

/** One visit: load, one query. */
async function visit(address, context, query, nprobe) {
  const { page, log, loadMs } = await load(address, context);
  const mark = log.length;
  const found = await search(page, query, nprobe);
  const [loaded, queried] = [await ofBundle(log.slice(0, mark)), await ofBundle(log.slice(mark))];
  await page.waitForTimeout(100); // for what is being put into Cache Storage
  await page.close();
  return { loadMs, ...found, loadBytes: loaded.body, queryBytes: queried.body, bytes: loaded.body + queried.body,
    requests: queried.requests };
}

async function visitTwice(browser, address, query, nprobe) {
  const context = await browser.newContext();
  const cold = await visit(address, context, query, nprobe);
  const again = await visit(address, context, query, nprobe);
  await context.close();
  return { cold, again };
}

async function askMany(browser, address, { queries, recall }, nprobe) {
  const context = await browser.newContext();
  const { page } = await load(address, context);
  const [finals, scans, recalls] = [[], [], []];
  for (let q = 0; q < WARM_QUERIES; q++) {
    await search(page, queries[q], nprobe);
    const { paths, final, scan } = await search(page, queries[q], nprobe);
    finals.push(final);
    scans.push(scan);
    recalls.push(recall(paths, q));
  }
  const { heapBytes, shards } = await page.evaluate(() => engine.info());
  await context.close();
  return { warm_ms: median(finals), warm_scan_ms: mean(scans), recall_200: mean(recalls), heap_bytes: heapBytes,
    held_bytes: shards.bytes };
}

/* ---- Figures ---- */

const mean = values => values.reduce((total, value) => total + value, 0) / values.length;
const sorted = values => [...values].sort((a, b) => a - b);
const median = values => sorted(values)[values.length >> 1];

async function measure(browser, address, data, nprobe) {
  const visits = [];
  for (let q = 0; q < COLD_VISITS; q++) visits.push(await visitTwice(browser, address, data.queries[q], nprobe));
  const cold = key => visits.map(({ cold: found }) => found[key]);
  const again = key => visits.map(({ again: found }) => found[key]);
  return {
    side: 'web', nprobe, load_bytes: median(cold('loadBytes')), load_ms: median(cold('loadMs')),
    query_bytes: median(cold('queryBytes')), query_bytes_mean: mean(cold('queryBytes')),
    query_bytes_max: Math.max(...cold('queryBytes')), cold_bytes: median(cold('bytes')),
    cold_bytes_mean: mean(cold('bytes')), cold_bytes_max: Math.max(...cold('bytes')),
    requests: median(cold('requests')), first_ms: median(cold('first')), cold_ms: median(cold('final')),
    again_bytes: Math.max(...again('bytes')), again_ms: median(again('final')),
    ...await askMany(browser, address, data, nprobe),
  };
}

async function main([directory, bundle, ...nprobes]) {
  if (nprobes.length === 0) {
    console.error('usage: web_vectors.mjs DIRECTORY BUNDLE NPROBE...');
    return 2;
  }
  const data = readData(directory);
  const server = await serve(resolve(bundle));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const address = `http://127.0.0.1:${server.address().port}/`;
    for (const nprobe of nprobes) console.log(JSON.stringify(await measure(browser, address, data, Number(nprobe))));
  } finally {
    await browser.close();
    server.close();
  }
  return 0;
}

process.exitCode = await main(process.argv.slice(2));

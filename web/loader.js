// From nothing to a working engine: what is downloaded, in which order, and who is told how far it is.
//
// A failure leaves the engine half made and other downloads running; whoever called ends the whole Worker then.

import { readBody, request, streamInto } from './download.js';
import { checkFiles, readManifest } from './manifest.js';
import { startWasm } from './wasm.js';

const PARALLEL_DOWNLOADS = 6; // as many as browsers allow to one HTTP/1.1 host
const PROGRESS_INTERVAL = 100; // ms

/**
 * @param {{indexUrl: string, modelUrl?: string, simd?: 'simd' | 'relaxed-simd'}} what `indexUrl` is index.json's
 * @param {(progress: object) => void} report told as `HeyBagh.load` documents it
 * @returns {Promise<{engine: import('./wasm.js').WasmEngine, imageUrl: string}>}
 * @throws {import('./errors.js').HeyBaghError}
 */
export async function loadEngine({ indexUrl, modelUrl, simd }, report) {
  const [engine, manifestBytes] = await loadFirst(indexUrl, simd, report);
  const { model, imageUrl } = readManifest(manifestBytes, indexUrl);
  engine.parseManifest(manifestBytes);
  const files = engine.files();
  const indexBytes = checkFiles(files);

  await loadModel(engine, { ...model, url: modelUrl ?? model.url }, meter(report, 'model', model.bytes));
  await loadFiles(engine, files, indexUrl, meter(report, 'index', indexBytes));
  engine.start();
  const all = model.bytes + indexBytes;
  report({ phase: 'ready', loaded: all, total: all, source: 'network' });
  return { engine, imageUrl };
}

/** The two small things that all else depends on, at the same time. */
function loadFirst(indexUrl, simd, report) {
  const onPart = meter(report, 'engine', 2);
  const counted = promise => promise.then(value => {
    onPart(1);
    return value;
  });
  return Promise.all([counted(startWasm(simd)), counted(loadManifest(indexUrl))]);
}

/** Always fresh: everything else is named by its hash, so an old manifest would name files that are gone. */
async function loadManifest(url) {
  return readBody(await request(url, 'index.json', { cache: 'no-cache' }), 'index.json');
}

async function loadModel(engine, { url, bytes }, onBytes) {
  engine.giveModel(await fetchInto(engine, { name: `The model (${fileName(url)})`, url, bytes }, onBytes));
}

async function loadFiles(engine, files, indexUrl, onBytes) {
  const queue = files.entries();
  const work = async () => {
    for (const [i, { name, bytes }] of queue) {
      engine.giveFile(i, await fetchInto(engine, { name, url: new URL(name, indexUrl), bytes }, onBytes));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_DOWNLOADS }, work));
}

async function fetchInto(engine, { name, url, bytes }, onBytes) {
  const response = await request(url, name);
  const room = engine.allocate(bytes);
  await streamInto(response, name, room, onBytes);
  return room;
}

function fileName(url) {
  return new URL(url).pathname.split('/').pop();
}

/** Starts a phase. The function that is returned adds to what is done, and reports it now and then, and at the end. */
function meter(report, phase, total) {
  let loaded = 0;
  let last = performance.now();
  report({ phase, loaded, total, source: 'network' });
  return more => {
    loaded += more;
    const now = performance.now();
    if (loaded < total && now - last < PROGRESS_INTERVAL) return;
    last = now;
    report({ phase, loaded, total, source: 'network' });
  };
}

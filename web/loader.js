// From nothing to a working engine: what is downloaded, in which order, and who is told how far it is.
//
// A failure leaves the engine half made and other downloads running; whoever called ends the whole Worker then.

import { FileCache } from './cache.js';
import { readBody, request, streamInto } from './download.js';
import { IndexFiles } from './index-files.js';
import { readManifest } from './manifest.js';
import { ProgressTeller } from './progress.js';
import { startWasm } from './wasm.js';

/**
 * @param {{indexUrl: string, modelUrl?: string, simd?: 'simd' | 'relaxed-simd', threads?: number}} what `indexUrl` is index.json's
 * @param {(progress: object) => void} report told as `HeyBagh.load` documents it
 * @returns {Promise<{engine: import('./wasm-engine.js').WasmEngine, files: IndexFiles, imageUrl: string,
 *   thumbUrl: string}>} with all files but the shards
 * @throws {import('./errors.js').HeyBaghError}
 */
export async function loadEngine({ indexUrl, modelUrl, simd, threads }, report) {
  const progress = new ProgressTeller(report);
  const [engine, manifestBytes] = await loadFirst(indexUrl, startWasm(simd, threads), progress.begin('engine', 2));
  engine.parseManifest(manifestBytes);
  const { model, imageUrl, thumbUrl } = readManifest(manifestBytes, indexUrl);
  const files = new IndexFiles(engine, new URL('.', indexUrl).href, new FileCache());
  const needed = files.neededBytes;
  const tasks = [];
  if (model) tasks.push(loadModel(engine, model, modelUrl ?? model.url, progress.begin('model', model.bytes)));
  tasks.push(files.obtainNeeded(progress.begin('index', needed)));
  await Promise.all(tasks);
  engine.start();
  const all = needed + (model?.bytes ?? 0);
  progress.begin('ready', all)(all, model || files.network.requests > 0 ? 'network' : 'cache');
  files.prune();
  return { engine, files, imageUrl, thumbUrl };
}

/** The two small things that all else depends on, at the same time. */
function loadFirst(indexUrl, starting, onPart) {
  const counted = promise => promise.then(value => {
    onPart(1);
    return value;
  });
  return Promise.all([counted(starting), counted(loadManifest(indexUrl))]);
}

/** Always fresh: everything else is named by its hash, so an old manifest would name files that are gone. */
async function loadManifest(url) {
  return readBody(await request(url, 'index.json', { cache: 'no-cache' }), 'index.json');
}

async function loadModel(engine, { bytes }, url, onBytes) {
  const name = `The model (${new URL(url).pathname.split('/').pop()})`;
  const response = await request(url, name);
  const room = engine.allocate(bytes);
  await streamInto(response, name, room, onBytes);
  engine.giveModel(room);
}

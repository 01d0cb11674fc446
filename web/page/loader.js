// Loads an engine: what is downloaded, in which order, and how progress is reported.
//
// The page downloads the wasm, index.json and the model, so that these downloads begin before the Worker runs. The Worker
// downloads what index.json names: head, centroids and lists.

import { isUnanswered, onceMore, readBody, request } from '../shared/download.js';
import { FileCache } from '../shared/file-cache.js';
import { readManifest } from '../shared/manifest.js';
import { compileWasm, membersFor } from './compile-wasm.js';
import { ModelSource } from './model-source.js';
import { ProgressTeller } from './progress.js';

/** @import { Manifest } from '../shared/manifest.js' */
/** @import { Progress, Simd, Source } from '../shared/types.js' */
/** @import { Known } from '../engine/wasm-engine.js' */
/** @import { EngineClient } from './engine-client.js' */
/** @import { Start } from './options.js' */

/** @typedef {Known & Omit<Manifest, 'model'>} Loaded facts about an engine that is ready */

const MANIFESTS = 'heybagh-manifests-1';

/**
 * After a failure the engine is incomplete and other downloads go on; the caller then has to end the Worker.
 *
 * @param {EngineClient} worker
 * @param {Start} what
 * @param {(progress: Progress) => void} report
 * @returns {{started: Promise<boolean>, ready: Promise<Loaded>}} `started` settles when pictures can be cropped, to true if
 *   the Worker can use the browser's decoder; both reject with a HeyBaghError
 */
export function loadEngine(worker, { indexUrl, modelUrl, simd, threads, memory, prefetch }, report) {
  const progress = new ProgressTeller(report);
  const models = new ModelSource();
  const onPart = progress.begin('engine', 2);
  const started = startEngine(worker, simd, membersFor(threads), () => onPart(1));
  const manifests = new FileCache(MANIFESTS);
  const manifest = loadManifest(indexUrl, manifests, worker.ended).then(read => {
    onPart(1);
    return read;
  });
  const opened = Promise.all([manifest, started]).then(
    ([{ bytes }]) => worker.call('open', { bytes, folder: new URL('.', indexUrl).href, memory }));
  const model = manifest.then(({ model: named }) => !named || models.obtain(
    worker, opened, { ...named, url: modelUrl ?? named.url }, progress.begin('model', named.bytes)));
  const index = opened.then(needed => obtainIndex(worker, progress.begin('index', needed)));
  const ready = finish(worker, Promise.all([manifest, model, opened, index]), prefetch, progress);
  manifest.then(({ bytes }) => ready.then(() => manifests.write(indexUrl, bytes))).catch(() => {}); // `ready` reports it
  return { started, ready };
}

/**
 * Starts the engine, with one thread if several cannot start: it is only slower then.
 *
 * @param {EngineClient} worker
 * @param {Simd | undefined} simd
 * @param {number} members
 * @param {() => void} onCompiled
 */
async function startEngine(worker, simd, members, onCompiled) {
  const build = await compileWasm(simd, members, worker.ended).catch(error => {
    if (members > 1) return compileWasm(simd, 1, worker.ended);
    throw error;
  });
  onCompiled();
  return worker.call('start', build).catch(async error => {
    if (build.members === 1) throw error;
    return worker.call('start', await compileWasm(simd, 1, worker.ended));
  });
}

/**
 * Loads index.json, always fresh: it names all other files by their hashes, so an old one may name files that are gone.
 * Without a network, it is the one that was last used with success, as the saved files belong to it.
 *
 * @param {string} url
 * @param {FileCache} manifests
 * @param {AbortSignal} signal
 */
async function loadManifest(url, manifests, signal) {
  const bytes = await onceMore(options => downloadManifest(url, { signal, ...options }).catch(async error => {
    const kept = isUnanswered(error) && await manifests.read(url);
    if (kept) return kept;
    throw error;
  }), signal);
  return { bytes, ...readManifest(bytes, url) };
}

/**
 * @param {string} url
 * @param {RequestInit} options
 */
async function downloadManifest(url, options) {
  return readBody(await request(url, 'index.json', { cache: 'no-cache', ...options }), 'index.json');
}

/**
 * Lets the Worker load head, centroids and table.
 *
 * @param {EngineClient} worker
 * @param {(bytes: number, source: Source) => void} onBytes
 * @returns {Promise<boolean>} true if all of them were saved on an earlier visit
 */
async function obtainIndex(worker, onBytes) {
  let kept = true;
  /** @param {{bytes: number, source: Source}} progress */
  const onProgress = ({ bytes, source }) => {
    kept &&= source === 'cache';
    onBytes(bytes, source);
  };
  await worker.call('obtain', {}, { onProgress });
  return kept;
}

/**
 * @param {EngineClient} worker
 * @param {Promise<[manifest: Manifest, modelIsKept: boolean, needed: number, indexIsKept: boolean]>} all
 * @param {boolean} prefetch
 * @param {ProgressTeller} progress
 * @returns {Promise<Loaded>}
 */
async function finish(worker, all, prefetch, progress) {
  const [{ model, imageUrl, thumbUrl, about }, modelIsKept, needed, indexIsKept] = await all;
  const info = await worker.call('finish', { prefetch });
  const total = needed + (model?.bytes ?? 0);
  progress.begin('ready', total)(total, modelIsKept && indexIsKept ? 'cache' : 'network');
  return { ...info, imageUrl, thumbUrl, about };
}

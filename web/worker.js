// The Worker, which runs the engine outside of the page's thread.

// This imports all modules of the Worker, so that the browser requests them at once and not one level after the other.
import './engine/crop-picture.js';
import { serve } from './engine/engine-service.js';
import './engine/index-files.js';
import './engine/prefetch.js';
import './engine/search-index.js';
import './engine/shard-batch.js';
import './engine/shard-store.js';
import './engine/start-wasm.js';
import './engine/threads.js';
import './engine/wasi.js';
import './engine/wasm-engine.js';
import './shared/browser-decoder.js';
import './shared/cross-origin-worker.js';
import './shared/download.js';
import './shared/errors.js';
import './shared/exif-orientation.js';
import './shared/file-cache.js';
import './shared/file-end.js';
import './shared/limits.js';
import './shared/manifest.js';
import './shared/picture-size.js';
import './shared/task-queue.js';
import './shared/url.js';

// self is a DedicatedWorkerGlobalScope, which TypeScript's library for pages does not have
serve(/** @type {Pick<MessagePort, 'postMessage' | 'onmessage'>} */ (/** @type {unknown} */ (self)));

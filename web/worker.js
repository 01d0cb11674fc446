// The Worker: an engine of its own, off the page's thread.

// All modules, those that only others import too: so the browser asks for all of them at once.
import './batch.js';
import './browser-decoder.js';
import './cache.js';
import './cropping.js';
import './download.js';
import './errors.js';
import './foreign.js';
import './formats.js';
import { serve } from './host.js';
import './index-files.js';
import './limits.js';
import './manifest.js';
import './prefetch.js';
import './queue.js';
import './searching.js';
import './shards.js';
import './threads.js';
import './url.js';
import './wasi.js';
import './wasm-engine.js';
import './wasm-start.js';

serve(/** @type {any} */ (self)); // a DedicatedWorkerGlobalScope, which the library for pages does not know

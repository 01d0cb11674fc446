// The service worker of a site: opens the page without a network, with the files that belong together. Model and index
// are none of its business: the engine keeps them itself (shared/file-cache.js).
//
// scripts/precache.mjs writes into the site's copy which files there are, by their SHA-256; what does not have it is
// not taken, so that a deployment is taken as a whole or not at all. A new one is fetched while the old one is used, and
// takes its place at the next visit, when no tab has the old one open.
//
// `?engine=` of its address names the wasm that this browser runs, and several with commas between them.

/** @type {{version: string, files: Record<string, string>}} */
const PROGRAM = { version: '', files: {} };

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const { scope } = worker.registration;
const PREFIX = `heybagh-site-1 ${scope} `; // other sites of the same origin have theirs
const CACHE = PREFIX + PROGRAM.version;
const PAGE = 'index.html';
const STORAGE = 5000; // ms that Cache Storage may take, as in shared/limits.js
// Shown until the new version has taken over. A reload while the old one is on its way out can wait for ever in
// Chromium; without the link browsers ask for favicon.ico.
const CHANGING = `<!doctype html><link rel="icon" href="data:,"><script>
  const again = () => location.reload();
  navigator.serviceWorker.addEventListener('controllerchange', again);
  navigator.serviceWorker.getRegistration().then(registration => registration?.waiting || again());
</script>`;
const engines = (new URL(worker.location.href).searchParams.get('engine') ?? '').split(',');

worker.addEventListener('install', event => {
  if (PROGRAM.version) event.waitUntil(install());
  else worker.registration.unregister(); // which is done when it is installed
});
worker.addEventListener('activate', event => event.waitUntil(removeOthers()));
worker.addEventListener('message', ({ data }) => data === 'take-over' && worker.skipWaiting());
worker.addEventListener('fetch', event => {
  const { request } = event;
  const name = nameOf(request.url);
  if (request.method !== 'GET' || !Object.hasOwn(PROGRAM.files, name)) return;
  event.respondWith(request.mode === 'navigate' ? open(request, name) : serve(name));
});

/**
 * @param {string} url
 * @returns {string} the path in the site; the page has two addresses
 */
function nameOf(url) {
  if (!url.startsWith(scope)) return '';
  return url.slice(scope.length).replace(/[?#].*/, '') || PAGE;
}

async function install() {
  const names = Object.keys(PROGRAM.files).filter(name => !name.endsWith('.wasm') || engines.includes(name));
  const cache = await caches.open(CACHE);
  await Promise.all(names.map(async name => cache.put(scope + name, await download(name))));
}

/**
 * Some hosts have no index document, others send index.html away to it.
 *
 * @param {string} name
 */
async function download(name) {
  /** @type {RequestInit} */
  const options = { cache: 'no-cache', integrity: `sha256-${PROGRAM.files[name]}` };
  const response = name === PAGE
    ? await fetch(scope, options).catch(() => fetch(scope + PAGE, options))
    : await fetch(scope + name, options);
  // A navigation must not be answered with what was redirected.
  return response.redirected ? new Response(response.body, { headers: response.headers }) : response;
}

async function removeOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter(name => name.startsWith(PREFIX) && name !== CACHE).map(name => caches.delete(name)));
}

/** @param {string} name */
async function serve(name) {
  return await read(name) ?? download(name);
}

/**
 * @param {Request} request
 * @param {string} name
 */
async function open(request, name) {
  const next = await nextVersion();
  if (next) {
    // Reloading the only tab never lets the old version go by itself.
    next.postMessage('take-over');
    return new Response(CHANGING, { headers: { 'Content-Type': 'text/html', Refresh: '5' } });
  }
  return await read(name) ?? fetch(request);
}

/** The new version, if it waits for nobody but the tab that asks. */
async function nextVersion() {
  const { waiting } = worker.registration;
  return waiting && (await worker.clients.matchAll()).length < 2 ? waiting : null;
}

let isAnswering = true; // Cache Storage

/** @param {string} name */
async function read(name) {
  if (!isAnswering) return undefined;
  let timer = 0;
  const late = new Promise(resolve => {
    timer = setTimeout(() => {
      isAnswering = false;
      resolve(undefined);
    }, STORAGE);
  });
  const kept = caches.open(CACHE).then(cache => cache.match(scope + name, { ignoreVary: true }));
  const found = await Promise.race([kept, late]).catch(() => undefined);
  clearTimeout(timer);
  return found;
}

// The service worker of a site. It opens the page without a network, with files of one and the same deployment. It does not
// save model and index; the engine does (shared/file-cache.js).
//
// scripts/precache.mjs writes the names of the program's files and their SHA-256 into the site's copy of this file. A file
// with another hash is refused, so a deployment is installed completely or not at all. A new deployment is fetched while the
// old one is in use, and replaces it at the next visit, when no tab has the old one open.
//
// The parameter `engine` of its address names the wasm files that this browser runs, separated by commas.

/** @type {{version: string, files: Record<string, string>}} */
const PROGRAM = { version: '', files: {} };

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const { scope } = worker.registration;
const PREFIX = `heybagh-site-1 ${scope} `; // different for each site of an origin
const CACHE = PREFIX + PROGRAM.version;
const PAGE = 'index.html';
const STORAGE = 5000; // ms to wait for Cache Storage, as in shared/limits.js
// This page is shown until the new version has taken over. In Chromium a reload during the change may never finish. Without
// the link, browsers would request favicon.ico.
const CHANGING = `<!doctype html><link rel="icon" href="data:,"><script>
  const again = () => location.reload();
  navigator.serviceWorker.addEventListener('controllerchange', again);
  navigator.serviceWorker.getRegistration().then(registration => registration?.waiting || again());
</script>`;
const engines = (new URL(worker.location.href).searchParams.get('engine') ?? '').split(',');

worker.addEventListener('install', event => {
  if (PROGRAM.version) event.waitUntil(install());
  else worker.registration.unregister(); // takes effect after the installation
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
 * @returns {string} the path in the site; "" and "index.html" are both the page
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
 * Downloads a file. Some hosts do not serve the page under "", others redirect index.html to "".
 *
 * @param {string} name
 */
async function download(name) {
  /** @type {RequestInit} */
  const options = { cache: 'no-cache', integrity: `sha256-${PROGRAM.files[name]}` };
  const response = name === PAGE
    ? await fetch(scope, options).catch(() => fetch(scope + PAGE, options))
    : await fetch(scope + name, options);
  // A redirected response may not answer a navigation.
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
    // A reload of the only tab does not end the old version by itself.
    next.postMessage('take-over');
    return new Response(CHANGING, { headers: { 'Content-Type': 'text/html', Refresh: '5' } });
  }
  return await read(name) ?? fetch(request);
}

/** The new version, if only the requesting tab still uses the old one. */
async function nextVersion() {
  const { waiting } = worker.registration;
  return waiting && (await worker.clients.matchAll()).length < 2 ? waiting : null;
}

let isAnswering = true; // whether Cache Storage answers

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

// Saves the site for visits without a network, shows how much is saved, and deletes it. Where the browser has no service
// workers or storage, or forbids them, nothing is saved and nothing is shown.

const SITE = new URL('..', import.meta.url).href;
const ENGINE_CACHES = /^heybagh-(index|models|manifests)-/; // see engine/index-files.js, page/model-source.js, page/loader.js
const ENGINE = /\/(heybagh-[\w-]+\.wasm)$/;

/** Lets the service worker save this site, with the engine that runs here. */
export async function keepSite() {
  const engines = performance.getEntriesByType('resource').map(({ name }) => ENGINE.exec(name)?.[1]).filter(Boolean);
  if (engines.length === 0) return;
  try {
    const registration = await navigator.serviceWorker.register(`${SITE}sw.js?engine=${[...new Set(engines)].sort()}`);
    await installed(registration.installing);
  } catch {
    // the site works without a service worker, too, as long as there is a network
  }
}

/**
 * Shows in the page's footer how much is saved.
 *
 * @param {HTMLElement} line contains a span, and a button that deletes everything
 * @returns {{update: () => Promise<void>, isCleared: boolean}} `isCleared`: the button was pressed, so save nothing more
 */
export function showKept(line) {
  const text = /** @type {HTMLElement} */ (line.querySelector('span'));
  const button = /** @type {HTMLButtonElement} */ (line.querySelector('button'));
  const shown = {
    isCleared: false,
    async update() {
      const bytes = this.isCleared ? 0 : await keptBytes();
      if (bytes === 0) return;
      text.textContent = `${(bytes / 1e6).toFixed(1)} MB saved for visits without a network ·`;
      line.hidden = false;
    },
  };
  button.addEventListener('click', async () => {
    shown.isCleared = true;
    line.focus(); // the button will be hidden
    await clear();
    text.textContent = 'Nothing is saved for visits without a network.';
    button.hidden = true;
  });
  shown.update();
  return shown;
}

/**
 * Waits until a service worker is installed or has failed.
 *
 * @param {ServiceWorker | null} worker
 */
function installed(worker) {
  return worker && new Promise(resolve => {
    worker.addEventListener('statechange', resolve);
  });
}

/** Names of the caches of this site and of the engine. */
async function ourCaches() {
  const isOurs = (/** @type {string} */ name) => ENGINE_CACHES.test(name) || name.startsWith(`heybagh-site-1 ${SITE} `);
  return (await caches.keys()).filter(isOurs);
}

async function keptBytes() {
  try {
    const sizes = (await ourCaches()).map(async name => cacheBytes(await caches.open(name)));
    return sum(await Promise.all(sizes));
  } catch {
    return 0;
  }
}

/** @param {Cache} cache */
async function cacheBytes(cache) {
  const responses = await cache.matchAll();
  return sum(await Promise.all(responses.map(async response => (await response.blob()).size)));
}

async function clear() {
  try {
    const registration = await navigator.serviceWorker?.getRegistration(SITE);
    if (registration?.scope === SITE) await registration.unregister();
    await Promise.all((await ourCaches()).map(name => caches.delete(name)));
  } catch {
    // there was nothing to delete
  }
}

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

// What can be said of a search before anything heavy is loaded.

const ENGINE_BYTES = 150_000; // the wasm and its scripts, compressed; a test holds it

/**
 * Reads index.json, which is small, for what it announces.
 *
 * @param {string} index address of the bundle's folder
 * @returns {Promise<{count: number, bytes: number} | null>} pictures, and what loading takes before the first search;
 *   null if the index cannot be read: whoever loads it will tell why
 */
export async function readDownloadCost(index) {
  try {
    const folder = new URL(index.endsWith('/') ? index : `${index}/`, document.baseURI);
    const response = await fetch(new URL('index.json', folder));
    const { count, model, files, head, centroids, table } = await response.json();
    const needed = [head, centroids, table].filter(Boolean).map(({ file }) => files[file].bytes);
    const bytes = needed.reduce((sum, size) => sum + size, ENGINE_BYTES + (model?.bytes ?? 0));
    return Number.isInteger(count) && Number.isFinite(bytes) ? { count, bytes } : null;
  } catch {
    return null;
  }
}

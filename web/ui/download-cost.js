// Says how much a search will download, before it does so.

const ENGINE_BYTES = 150_000; // the wasm and its scripts, compressed; a test checks this

/**
 * Reads index.json, which is small.
 *
 * @param {string} index address of the bundle's folder
 * @returns {Promise<{count: number, bytes: number} | null>} the number of pictures, and the bytes to load before the first
 *   search; null if the index cannot be read, which loading will report
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

// Starts Workers in pages of another origin than this module. A browser refuses their address there, but accepts a small
// script of the page that imports it. For the page's own origin, the addresses of Workers are written where they are
// started, so that bundlers find them.

/**
 * @param {string} address of a module
 * @returns {boolean} whether the browser refuses to start a Worker from it here
 */
export function isCrossOrigin(address) {
  return new URL(address).origin !== self.origin;
}

/**
 * @param {string} script address of the Worker's module
 * @param {string} base that the address is relative to
 * @returns {Worker}
 * @throws {Error} if the page's policy forbids it at once; else the Worker reports an error later
 */
export function startCrossOriginWorker(script, base) {
  const code = `import ${JSON.stringify(new URL(script, base).href)};`;
  const blob = new Blob([code], { type: 'text/javascript' });
  return new Worker(URL.createObjectURL(blob), { type: 'module' }); // never revoked, as the browser may read it later
}

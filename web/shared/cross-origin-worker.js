// Workers for pages of another origin than this module's: they may not be started by their address, but by a script of
// the page's own that imports it. Addresses of Workers on the page's own origin are written out where they are started,
// so that bundlers find them.

/**
 * @param {string} address of a module
 * @returns {boolean} if a Worker may not be started by it here
 */
export function isCrossOrigin(address) {
  return new URL(address).origin !== self.origin;
}

/**
 * @param {string} script of the Worker, a module
 * @param {string} base that its address is relative to
 * @returns {Worker}
 * @throws {Error} where the page's policy forbids it; or the Worker fails later
 */
export function startCrossOriginWorker(script, base) {
  const code = `import ${JSON.stringify(new URL(script, base).href)};`;
  const blob = new Blob([code], { type: 'text/javascript' });
  return new Worker(URL.createObjectURL(blob), { type: 'module' }); // not revoked: it may be read at any time from now
}

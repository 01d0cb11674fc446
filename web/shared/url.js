// Addresses that may be wrong.

/**
 * @param {string | URL} address
 * @param {string} base that it is relative to
 * @returns {URL | null} null for what is not an address
 */
export function resolveUrl(address, base) {
  try {
    return new URL(address, base);
  } catch {
    return null;
  }
}

/**
 * The address of something on a web server: neither blob: nor data: nor javascript:.
 *
 * @param {string | URL} address
 * @param {string} base
 * @returns {URL | null}
 */
export function resolveWebUrl(address, base) {
  const url = resolveUrl(address, base);
  return url && ['http:', 'https:'].includes(url.protocol) ? url : null;
}

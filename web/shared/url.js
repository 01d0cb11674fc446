// Parses addresses that may be invalid.

/**
 * @param {string | URL} address
 * @param {string} base for relative addresses
 * @returns {URL | null} null if it is not an address
 */
export function resolveUrl(address, base) {
  try {
    return new URL(address, base);
  } catch {
    return null;
  }
}

/**
 * Accepts only http: and https:, so no blob:, data: or javascript: addresses.
 *
 * @param {string | URL} address
 * @param {string} base
 * @returns {URL | null}
 */
export function resolveWebUrl(address, base) {
  const url = resolveUrl(address, base);
  return url && ['http:', 'https:'].includes(url.protocol) ? url : null;
}

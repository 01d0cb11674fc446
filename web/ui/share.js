// Links to a search: the page's address with the picture's address in ?q=.

import { resolveWebUrl } from '../shared/url.js';

/** @param {string} photo a picture's address */
export function linkTo(photo) {
  const link = new URL(location.href);
  const { href, origin } = new URL(photo, document.baseURI);
  const base = new URL('.', location.href).href;
  const short = origin === location.origin && href.startsWith(base) ? href.slice(base.length) : href;
  link.searchParams.set('q', short);
  link.hash = '';
  return link.href;
}

/**
 * Reads the picture's address from the page's address.
 *
 * @returns {{address: string, isOurs: boolean} | null} `isOurs`: it is on this site. A picture of another site is fetched
 *   only after a click, because a link must not make a visitor's browser contact other sites
 */
export function sharedPhoto() {
  const wanted = new URLSearchParams(location.search).get('q');
  const url = wanted && resolveWebUrl(wanted, location.href);
  return url ? { address: url.href, isOurs: url.origin === location.origin } : null;
}

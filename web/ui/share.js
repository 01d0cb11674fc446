// Links to a search: the page's own address, with the picture's in ?q=.

import { resolveWebUrl } from '../shared/url.js';

/** @param {string} photo address of a picture */
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
 * The picture that this page's address asks for.
 *
 * @returns {{address: string, isOurs: boolean} | null} one of another site is not asked for without a click, since a
 *   link must not make a visitor's browser call on others
 */
export function sharedPhoto() {
  const wanted = new URLSearchParams(location.search).get('q');
  const url = wanted && resolveWebUrl(wanted, location.href);
  return url ? { address: url.href, isOurs: url.origin === location.origin } : null;
}

// What a page says of its pictures, as their index.json has it.

/** @import { About } from '../shared/types.js' */

/** Where nothing is said of them; as in index.html. */
export const GENERAL = {
  title: 'Find pictures that look alike',
  description: 'Choose a photo, and it finds the pictures of this collection that look most like it.',
};

/**
 * Whose the pictures are, and under which licence: texts, some of which are links.
 *
 * @param {Pick<About, 'credit' | 'creditUrl' | 'licence'>} about
 * @returns {{text: string, url: string, rel: string}[]} `url` and `rel` are '' for none
 */
export function creditParts({ credit, creditUrl, licence }) {
  const isListed = /^[\w.+-]+$/.test(licence) && !licence.startsWith('LicenseRef-');
  const parts = [
    { text: credit, url: creditUrl, rel: '' },
    { text: licence, url: isListed ? `https://spdx.org/licenses/${licence}.html` : '', rel: isListed ? 'license' : '' },
  ];
  return parts.filter(({ text }) => text);
}

/**
 * Makes a site's page say this of its pictures, instead of what it says of others.
 *
 * @param {About} about
 */
export function showAbout(about) {
  const { title, description } = { title: about.title || GENERAL.title, description: about.description || GENERAL.description };
  document.title = title;
  document.querySelector('meta[name=description]')?.setAttribute('content', description);
  for (const [place, text] of [['h1', title], ['.lead', description]]) {
    const element = document.querySelector(place);
    if (element) element.textContent = text;
  }
  document.querySelector('#credit')?.remove();
  const parts = creditParts(about).map(({ text, url, rel }) =>
    (url ? Object.assign(document.createElement('a'), { href: url, rel, textContent: text }) : text));
  if (parts.length === 0) return;
  const line = Object.assign(document.createElement('p'), { id: 'credit' });
  line.append('Pictures: ', ...parts.flatMap((part, i) => (i > 0 ? [', ', part] : [part])), '.');
  document.querySelector('#kept')?.before(line);
}

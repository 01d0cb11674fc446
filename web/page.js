// The page of a site. The parameter `index` of its address chooses another bundle, but only of this site: a link must not
// make the page show what others have published.

import { resolveUrl } from './shared/url.js';
import { showAbout } from './site/about.js';
import { keepSite, showKept } from './site/offline.js';
import './element.js';

const search = /** @type {import('./element.js').HeyBaghSearchElement} */ (document.querySelector('heybagh-search'));
const wanted = new URLSearchParams(location.search).get('index');
if (wanted && resolveUrl(wanted, document.baseURI)?.origin === location.origin) use(wanted);
else if (wanted) refuse('The index must be on the same site as this page.');

const kept = showKept(/** @type {HTMLElement} */ (document.querySelector('#kept')));
search.addEventListener('heybagh-results', async () => {
  if (!kept.isCleared) await keepSite();
  await kept.update();
});

/** @param {string} index of other pictures; what the page says, and its samples, are not about them */
function use(index) {
  search.samples = null;
  showAbout({ title: '', description: '', credit: '', creditUrl: '', licence: '' });
  search.addEventListener('heybagh-ready', ({ detail }) => showAbout(detail.about), { once: true });
  search.index = index;
}

/** @param {string} sentence */
function refuse(sentence) {
  const notice = document.createElement('p');
  notice.setAttribute('role', 'alert');
  notice.textContent = sentence;
  search.replaceWith(notice);
}

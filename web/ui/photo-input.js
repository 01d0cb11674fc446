// How photos come in without a button: dropped or pasted, on a search or anywhere else in its page.
//
// Others in the page take files and text, too, and they come first. What somebody has taken (defaultPrevented), or takes
// without saying so, like a text field, is left alone. What is dropped on or pasted into a search is its own; the rest
// of the page is listened to at the window, after everybody else.
//
// A page may have several searches: what comes from elsewhere in the page is for the one that was used last, or else for
// the first that can be seen.

import { resolveWebUrl } from '../shared/url.js';

/** @import { Taker } from './types.js' */

const ROLES = ['application', 'combobox', 'grid', 'gridcell', 'searchbox', 'spinbutton', 'textbox', 'treegrid'];
/** What may take drops and pastes without telling the page. */
const OTHERS = `[contenteditable]:not([contenteditable=false i]), textarea, iframe, object, embed, input:not([type=button],
  [type=checkbox], [type=color], [type=image], [type=radio], [type=range], [type=reset], [type=submit]),
  ${ROLES.map(role => `[role=${role}]`)}`;
/** What may have the focus without a use for pastes. */
const PLAIN = 'html, body, a, button, input, select, summary, [tabindex="-1"]';
const ADDRESS = /^(https?:|data:image\/|blob:)\S+$/i;

/** @type {Taker[]} */
const takers = [];
/** @type {Taker | null} */
let lastUsed = null;
/** @type {AbortController} ends the listeners at the window */
let unused;
/** @type {Event | null} the last one that a search has taken */
let taken = null;
/** Whether what is dragged is over a place of somebody else. */
let isOverOthers = false;
/** @type {'picture' | 'other' | null} the part of this page that is being dragged */
let ownPart = null;

/**
 * @param {Taker} taker
 * @returns {() => void} stops listening
 */
export function listenForPhotos(taker) {
  const { element } = taker;
  const ended = new AbortController();
  const { signal } = ended;
  for (const type of ['focusin', 'pointerdown']) element.addEventListener(type, () => { lastUsed = taker; }, { signal });
  for (const [type, take] of Object.entries(INSIDE)) {
    element.addEventListener(type, event => event.defaultPrevented || take(/** @type {never} */ (event), taker), { signal });
  }
  takers.push(taker);
  if (takers.length === 1) listenAtWindow();
  return () => {
    ended.abort();
    takers.splice(takers.indexOf(taker), 1);
    if (lastUsed === taker) lastUsed = null;
    if (takers.length === 0) unused.abort();
  };
}

function listenAtWindow() {
  unused = new AbortController();
  const early = { capture: true, signal: unused.signal };
  for (const [type, take] of Object.entries(OUTSIDE)) {
    const last = (/** @type {Event} */ event) => event === taken || take(/** @type {never} */ (event));
    window.addEventListener(type, () => {
      if (type === 'dragover') isOverOthers = true; // unless it comes through to us
      window.removeEventListener(type, last);
      window.addEventListener(type, last, { signal: unused.signal }); // each time anew, to stay behind all others
    }, early);
  }
  window.addEventListener('dragstart', event => {
    const [node] = event.composedPath();
    const isPicture = node instanceof Element && (node.matches('img') || node.querySelector('img'));
    ownPart = isPicture ? 'picture' : 'other';
  }, early);
  for (const type of ['dragend', 'pointerdown']) window.addEventListener(type, () => { ownPart = null; }, early);
}

/* ---- On a search ---- */

/** @type {{[Type in 'dragover' | 'drop' | 'paste']: (event: HTMLElementEventMap[Type], taker: Taker) => void}} */
const INSIDE = {
  dragover(event, taker) {
    if (ownPart === 'other' || !carries(event, ['Files', 'text/uri-list'])) return;
    accept(event); // or the browser leaves the page to show what is dropped
    isOverOthers = false;
    markOnly(taker);
  },
  drop(event, taker) {
    if (!isOverOthers && event.dataTransfer) takeAll(event, taker, photosIn(event.dataTransfer));
  },
  paste(event, taker) {
    const { clipboardData: data } = event;
    const isText = !data?.files.length;
    if (data && !(isText && event.composedPath().some(isOthers))) takeAll(event, taker, photosIn(data));
  },
};

/* ---- Elsewhere in the page, when all others have had the event ---- */

/** @type {{[Type in 'dragover' | 'dragleave' | 'drop' | 'paste']: (event: HTMLElementEventMap[Type]) => void}} */
const OUTSIDE = {
  dragover(event) {
    isOverOthers = isForOthers(event);
    const taker = !isOverOthers && !ownPart && carries(event, ['Files']) ? takerInView() : null;
    if (taker) accept(event);
    markOnly(taker);
  },
  // Leaving one element for the next is also a "dragleave"; nothing is entered only at the edge of the window.
  dragleave(event) {
    if (event.relatedTarget) return;
    isOverOthers = false;
    markOnly(null);
  },
  drop(event) {
    const isFree = !isOverOthers && !ownPart && !isForOthers(event);
    isOverOthers = false;
    markOnly(null);
    if (isFree) takeAll(event, takerInView(), [...event.dataTransfer?.files ?? []]);
  },
  // An address is not fetched unless the search has the focus: it may be a secret that was meant for something else.
  paste(event) {
    const { clipboardData: data } = event;
    if (!data || isForOthers(event) || hasOwnUse(event.composedPath()[0])) return;
    const focused = takers.find(({ element }) => element.matches(':focus-within'));
    const taker = focused ?? (isFocusElsewhere() ? undefined : takerInView());
    if (focused || data.files.length > 0) return takeAll(event, taker, photosIn(data));
    const [address] = photosIn(data);
    if (!taker || !address) return;
    accept(event);
    taker.offer(/** @type {string} */ (address));
  },
};

/** @param {Event} event whether somebody has taken it, or takes it without a word */
function isForOthers(event) {
  return event.defaultPrevented || event.composedPath().some(isOthers);
}

/** @param {EventTarget} target of a path */
function isOthers(target) {
  if (target instanceof Document) return target.designMode === 'on';
  return target instanceof Element && (target.matches(OTHERS) || Boolean(Object(target).editContext));
}

/** @param {EventTarget} target of a paste: a grid or a canvas with the focus, or an element that nobody can look into */
function hasOwnUse(target) {
  if (!(target instanceof HTMLElement)) return false;
  return (target.hasAttribute('tabindex') && target.tabIndex >= 0)
    || Boolean(customElements.get(target.localName) && !target.shadowRoot);
}

/** Whether something has the focus for which a paste may be meant. A closed shadow root shows only that it has it. */
function isFocusElsewhere() {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return Boolean(element && (isOthers(element) || !element.matches(PLAIN)));
}

function takerInView() {
  return [lastUsed, ...takers].find(taker => taker?.element.getClientRects().length) ?? undefined;
}

/* ---- What is in an event ---- */

/**
 * @param {DragEvent} event
 * @param {string[]} types
 */
function carries({ dataTransfer }, types) {
  return types.some(type => dataTransfer?.types.includes(type));
}

/**
 * @param {DataTransfer} data
 * @returns {(File | string)[]} files, or the address of a picture: that of an image that was dragged out of a page, or
 *   what was pasted as text
 */
function photosIn(data) {
  if (data.files.length > 0) return [...data.files];
  const links = data.getData('text/uri-list');
  const [, image] = (links && /<img\b[^>]*?\ssrc="([^"]+)"/i.exec(data.getData('text/html'))) || [];
  const link = links.split(/\s+/).find(line => line && !line.startsWith('#'));
  const text = image?.replaceAll('&amp;', '&') ?? link ?? data.getData('text/plain').trim();
  if (!ADDRESS.test(text) || (!image && isLinkOfPage(text))) return [];
  return [/^http/i.test(text) ? resolveWebUrl(text, document.baseURI)?.href ?? [] : text].flat();
}

/** @param {string} address a link in this page leads to another page, hardly to a picture */
function isLinkOfPage(address) {
  return [...document.links].some(link => link.href === address && !takers.some(({ element }) => element.contains(link)));
}

/* ---- Taking ---- */

/**
 * @param {Event} event
 * @param {Taker | undefined} taker
 * @param {(File | string)[]} photos
 */
function takeAll(event, taker, photos) {
  markOnly(null);
  if (!taker || photos.length === 0) return;
  accept(event);
  taker.take(photos);
}

/** @param {Event} event */
function accept(event) {
  taken = event;
  event.preventDefault();
}

/** @param {Taker | null | undefined} marked */
function markOnly(marked) {
  for (const taker of takers) taker.mark(taker === marked);
}

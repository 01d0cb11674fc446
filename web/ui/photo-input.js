// Takes photos that are dropped or pasted, on a search or anywhere in its page.
//
// Other parts of the page come first. The search leaves alone what one of them has taken (defaultPrevented), or takes
// without saying so, like a text field. On itself the search listens directly. For the rest of the page this module
// listens at the window, after all other listeners.
//
// If a page has several searches, the one that was used last takes what is dropped or pasted elsewhere in the page, or
// else the first that is visible.

import { resolveWebUrl } from '../shared/url.js';

/** @import { Taker } from './types.js' */

const ROLES = ['application', 'combobox', 'grid', 'gridcell', 'searchbox', 'spinbutton', 'textbox', 'treegrid'];
/** Elements that may take drops and pastes without preventDefault. */
const OTHERS = `[contenteditable]:not([contenteditable=false i]), textarea, iframe, object, embed, input:not([type=button],
  [type=checkbox], [type=color], [type=image], [type=radio], [type=range], [type=reset], [type=submit]),
  ${ROLES.map(role => `[role=${role}]`)}`;
/** Elements that do nothing with a paste when they have the focus. */
const PLAIN = 'html, body, a, button, input, select, summary, [tabindex="-1"]';
const ADDRESS = /^(https?:|data:image\/|blob:)\S+$/i;

/** @type {Taker[]} */
const takers = [];
/** @type {Taker | null} */
let lastUsed = null;
/** @type {AbortController} removes the listeners at the window */
let unused;
/** @type {Event | null} the last event that a search has taken */
let taken = null;
/** Whether the pointer drags over something that takes drops itself. */
let isOverOthers = false;
/** @type {'picture' | 'other' | null} what is dragged, if it is a part of this page */
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
      if (type === 'dragover') isOverOthers = true; // until the event arrives at one of our listeners
      window.removeEventListener(type, last);
      window.addEventListener(type, last, { signal: unused.signal }); // added again for each event, to stay the last
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
    accept(event); // or else the browser would open the file
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

/* ---- Elsewhere in the page, after all other listeners ---- */

/** @type {{[Type in 'dragover' | 'dragleave' | 'drop' | 'paste']: (event: HTMLElementEventMap[Type]) => void}} */
const OUTSIDE = {
  dragover(event) {
    isOverOthers = isForOthers(event);
    const taker = !isOverOthers && !ownPart && carries(event, ['Files']) ? takerInView() : null;
    if (taker) accept(event);
    markOnly(taker);
  },
  // This event also occurs between two elements. At the edge of the window there is no next element.
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
  // An address is fetched only if the search has the focus. It may be a secret that was meant for something else.
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

/**
 * Whether something else has taken an event, or will.
 *
 * @param {Event} event
 */
function isForOthers(event) {
  return event.defaultPrevented || event.composedPath().some(isOthers);
}

/** @param {EventTarget} target in an event's path */
function isOthers(target) {
  if (target instanceof Document) return target.designMode === 'on';
  return target instanceof Element && (target.matches(OTHERS) || Boolean(Object(target).editContext));
}

/**
 * Whether the target of a paste may use it, like a focusable grid or canvas, or something in a closed shadow root.
 *
 * @param {EventTarget} target
 */
function hasOwnUse(target) {
  if (!(target instanceof HTMLElement)) return false;
  return (target.hasAttribute('tabindex') && target.tabIndex >= 0)
    || Boolean(customElements.get(target.localName) && !target.shadowRoot);
}

/** Whether the focus is on something that may use a paste. If it is in a closed shadow root, only the host is known. */
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
 * @returns {(File | string)[]} files, or an address: of an image that was dragged out of a page, or the text
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

/**
 * Whether a link in this page has an address. It leads to a page, not to a picture.
 *
 * @param {string} address
 */
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

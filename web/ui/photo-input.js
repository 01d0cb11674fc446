// The ways for a photo to come in without a button: chosen, dropped or pasted anywhere in the page.
//
// A page may have several searches. What is dropped on or pasted into one is for it; anything else is for the one that
// was used last, or is the first.

import { resolveWebUrl } from '../shared/url.js';

/** @import { Taker } from './types.js' */

/** @type {Taker[]} */
const takers = [];
/** @type {Taker | null} */
let lastUsed = null;

/**
 * @param {Taker} taker
 * @returns {() => void} stops listening
 */
export function listenForPhotos(taker) {
  const { element } = taker;
  const use = () => { lastUsed = taker; };
  const uses = ['focusin', 'pointerdown'];
  for (const type of uses) element.addEventListener(type, use);
  takers.push(taker);
  if (takers.length === 1) switchListeners('addEventListener');
  return () => {
    for (const type of uses) element.removeEventListener(type, use);
    takers.splice(takers.indexOf(taker), 1);
    if (lastUsed === taker) lastUsed = null;
    if (takers.length === 0) switchListeners('removeEventListener');
  };
}

/** @param {'addEventListener' | 'removeEventListener'} method */
function switchListeners(method) {
  for (const [type, listener] of Object.entries(LISTENERS)) document[method](type, /** @type {EventListener} */ (listener));
}

/** @type {{[Type in 'dragover' | 'dragleave' | 'drop' | 'paste']: (event: HTMLElementEventMap[Type]) => void}} */
const LISTENERS = {
  dragover(event) {
    if (!carriesPhoto(event.dataTransfer)) return;
    event.preventDefault(); // or the browser leaves the page to show the file
    markOnly(takerFor(event));
  },
  // Leaving one element for the next is also a "dragleave"; nothing is entered only at the edge of the window.
  dragleave(event) {
    if (!event.relatedTarget) markOnly(null);
  },
  drop(event) {
    markOnly(null);
    if (!carriesPhoto(event.dataTransfer)) return;
    event.preventDefault();
    takeFrom(event.dataTransfer, event);
  },
  paste(event) {
    if (!event.clipboardData || (isTyping(event) && !event.clipboardData.files.length)) return;
    takeFrom(event.clipboardData, event);
  },
};

/**
 * @param {DataTransfer | null} transfer
 * @returns {transfer is DataTransfer}
 */
function carriesPhoto(transfer) {
  return ['Files', 'text/uri-list'].some(type => transfer?.types.includes(type));
}

/**
 * @param {DataTransfer} transfer
 * @param {Event} event
 */
function takeFrom(transfer, event) {
  const address = transfer.files.length > 0 ? null : addressIn(transfer);
  const photos = address ? [address] : [...transfer.files];
  if (photos.length > 0) takerFor(event).take(photos);
}

/**
 * @param {DataTransfer} transfer
 * @returns an address: of a picture that was dragged out of another page, or one that was pasted as text
 */
function addressIn(transfer) {
  const text = (transfer.getData('text/uri-list') || transfer.getData('text/plain')).trim().split(/\s/)[0];
  if (!/^(https?:|data:image\/|blob:)/i.test(text)) return null;
  return /^https?:/i.test(text) ? resolveWebUrl(text, document.baseURI)?.href : text;
}

/** @param {Event} event */
function takerFor(event) {
  const path = event.composedPath();
  return takers.find(({ element }) => path.includes(element)) ?? lastUsed ?? takers[0];
}

/** @param {Taker | null} marked */
function markOnly(marked) {
  for (const taker of takers) taker.mark(taker === marked);
}

/** @param {Event} event pasting text where text belongs is nobody else's business */
function isTyping(event) {
  const [target] = event.composedPath();
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));
}

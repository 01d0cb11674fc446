// The ways for a photo to come in without a button: chosen, dropped or pasted anywhere in the page.
//
// A page may have several searches. What is dropped on or pasted into one is for it; anything else is for the one that
// was used last, or is the first.

import { resolveWebUrl } from '../shared/url.js';

const takers = []; // {element, take, mark}
let lastUsed = null;

/**
 * @param {HTMLElement} element the search, as the page sees it
 * @param {object} taker
 * @param {(photos: (File | string)[]) => void} taker.take told all files, of whatever type, or an address
 * @param {(dragging: boolean) => void} taker.mark shows that it will take what is being dragged
 * @returns {() => void} stops listening
 */
export function listenForPhotos(element, { take, mark }) {
  const taker = { element, take, mark };
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

function switchListeners(method) {
  for (const [type, listener] of Object.entries(LISTENERS)) document[method](type, listener);
}

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

function carriesPhoto(transfer) {
  return Boolean(transfer) && ['Files', 'text/uri-list'].some(type => transfer.types.includes(type));
}

function takeFrom(transfer, event) {
  const address = transfer.files.length > 0 ? null : addressIn(transfer);
  const photos = address ? [address] : [...transfer.files];
  if (photos.length > 0) takerFor(event).take(photos);
}

/** An address: of a picture that was dragged out of another page, or one that was pasted as text. */
function addressIn(transfer) {
  const text = (transfer.getData('text/uri-list') || transfer.getData('text/plain')).trim().split(/\s/)[0];
  if (!/^(https?:|data:image\/|blob:)/i.test(text)) return null;
  return /^https?:/i.test(text) ? resolveWebUrl(text, document.baseURI)?.href : text;
}

function takerFor(event) {
  const path = event.composedPath();
  return takers.find(({ element }) => path.includes(element)) ?? lastUsed ?? takers[0];
}

function markOnly(marked) {
  for (const taker of takers) taker.mark(taker === marked);
}

/** Pasting text where text belongs is nobody else's business. */
function isTyping(event) {
  const [target] = event.composedPath();
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName ?? '');
}

// Several photos at once. Each is searched in turn, the newest first, and gets the name of its best result. A click on a photo
// shows its whole answer.

import { h } from './dom.js';
import { adoptStyle } from './style.js';
import { nameOf } from './tile.js';

/** @import { Answer } from '../shared/types.js' */
/** @import { Translator } from './types.js' */

/** @typedef {{photo: Blob, button: HTMLElement, label: HTMLElement, element: HTMLElement}} Item */

const CSS = `
.heybagh .tray-head { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; min-height: 2.5rem; }
.heybagh .tray-list {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(4.5rem, 1fr)); gap: 0.5rem; max-height: 16rem;
  padding: 4px; overflow-y: auto; list-style: none;
}
.heybagh .tray-list .sample { width: 100%; }
.heybagh .tray-list span { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.heybagh .tray-list span::first-letter { text-transform: uppercase; }
`;

export class Tray {
  #text;
  #isReady;
  #find;
  #show;
  /** @type {Item[]} in the order of the search */
  #waiting = [];
  #running = false;
  #closed = false;
  #count = 0;
  #done = 0;

  /**
   * @param {Translator} translator
   * @param {object} wishes
   * @param {() => Promise<unknown>} wishes.ready called before each photo; if it fails, all photos wait for `goOn`
   * @param {(photo: Blob) => Promise<Answer>} wishes.find called for one photo at a time
   * @param {(photo: Blob) => void} wishes.show called when a photo is clicked
   */
  constructor(translator, { ready, find, show }) {
    this.#text = translator;
    this.#isReady = () => ready().then(() => true, () => false);
    this.#find = find;
    this.#show = show;
    this.progress = h('span', { class: 'fine' });
    this.stopper = h('button', { type: 'button', class: 'way', part: 'way' }, translator.text('trayStop'));
    this.stopper.addEventListener('click', () => this.stop());
    this.list = h('ol', { class: 'tray-list', tabindex: -1, 'aria-label': translator.text('tray') });
    this.element = h('div', { class: 'tray', part: 'tray' },
      h('div', { class: 'tray-head' }, this.progress, this.stopper), this.list);
  }

  /**
   * @param {Blob[]} photos the newest first; they are searched before those that are still waiting
   */
  add(photos) {
    adoptStyle(this.element.getRootNode(), CSS);
    const items = photos.map(photo => this.#item(photo));
    this.#waiting.unshift(...items);
    this.list.prepend(...items.map(({ element }) => element));
    this.#count += items.length;
    this.#tell();
    this.goOn();
  }

  /** Removes the photos that are still waiting. */
  stop() {
    for (const item of this.#waiting.splice(0)) this.#remove(item);
    this.list.focus({ preventScroll: true });
    this.#tell();
  }

  /** Stops and removes the tray. */
  close() {
    this.#closed = true;
    for (const item of this.#waiting.splice(0)) this.#remove(item);
    for (const image of this.list.querySelectorAll('img')) URL.revokeObjectURL(image.src);
    this.element.remove();
  }

  /** Searches the waiting photos, if it is not already doing so. */
  async goOn() {
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting.length > 0 && await this.#isReady()) {
      const item = this.#waiting.shift();
      if (!item) break; // they were removed meanwhile
      await this.#search(item);
      this.#done++;
      this.#tell();
    }
    this.#running = false;
  }

  /** @param {Item} item */
  async #search({ photo, element, button, label }) {
    element.setAttribute('aria-busy', 'true');
    const found = await this.#find(photo).then(
      ({ results: [best] }) => (best ? nameOf(best) : this.#text.text('none')),
      error => (this.#closed ? '' : this.#text.failure(error)));
    element.setAttribute('aria-busy', 'false');
    label.textContent = label.title = found;
    button.setAttribute('aria-label', this.#text.text('trayPhoto', { name: found }));
  }

  /**
   * @param {Blob} photo
   * @returns {Item}
   */
  #item(photo) {
    const image = h('img', { alt: '', loading: 'lazy', decoding: 'async', src: URL.createObjectURL(photo) });
    image.addEventListener('error', () => image.remove());
    const button = h('button', { type: 'button', class: 'sample', 'aria-label': this.#text.text('photo') }, image);
    button.addEventListener('click', () => this.#show(photo));
    const label = h('span', { class: 'fine', dir: 'auto' }, '…');
    return { photo, button, label, element: h('li', {}, button, label) };
  }

  /** @param {Item} item */
  #remove({ element }) {
    URL.revokeObjectURL(element.querySelector('img')?.src ?? '');
    element.remove();
    this.#count--;
  }

  #tell() {
    const values = { done: this.#text.integer(this.#done), count: this.#text.integer(this.#count) };
    this.progress.textContent = this.#text.text('trayProgress', values);
    this.stopper.hidden = this.#waiting.length === 0;
  }
}

// A status line that is also read out. Two spans take turns, because the same text once more in the same place would
// not be read again.

import { h } from './dom.js';

export class Announcer {
  #spans = [h('span'), h('span')];
  #next = 0;
  #text = '';

  element = h('p', { role: 'status', part: 'status', class: 'status' }, ...this.#spans);

  /**
   * @param {string} text nothing is read out if it is what stands there, or ten times a second somebody would have to
   *   listen to it
   * @param {boolean} [again] read it out in any case
   */
  say(text, again = false) {
    if (text === this.#text && !again) return;
    this.#text = text;
    this.#spans[this.#next].textContent = text;
    this.#next = 1 - this.#next;
    this.#spans[this.#next].textContent = '';
  }
}

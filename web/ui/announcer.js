// A status line that screen readers read out. Two spans take turns, because a screen reader does not repeat a text that is
// set again in the same element.

import { h } from './dom.js';

export class Announcer {
  #spans = [h('span'), h('span')];
  #next = 0;
  #text = '';

  element = h('p', { role: 'status', part: 'status', class: 'status' }, ...this.#spans);

  /**
   * @param {string} text read out only if it has changed
   * @param {boolean} [again] read it out even if it has not
   */
  say(text, again = false) {
    if (text === this.#text && !again) return;
    this.#text = text;
    this.#spans[this.#next].textContent = text;
    this.#next = 1 - this.#next;
    this.#spans[this.#next].textContent = '';
  }
}

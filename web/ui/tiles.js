// The results: tiles whose place and size are there before their pictures.

import { h } from './dom.js';

/** @import { Result } from '../shared/types.js' */
/** @import { Look, TileTexts, Translator } from './types.js' */

/** A list of results, best first. */
export class Tiles {
  #text;
  #onChoose;
  #template;

  /**
   * @param {Translator} translator
   * @param {(result: Result) => void} onChoose a result is to be searched with
   * @param {Look['template']} template how a result looks; without one, as here. In it, text goes to
   *   elements with data-field="label", "score", "rank" or "path", and the picture to an <img data-field="image">
   */
  constructor(translator, onChoose, template) {
    this.#text = translator;
    this.#onChoose = onChoose;
    this.#template = template;
    this.element = h('ol', { class: 'results', part: 'results', tabindex: -1, 'aria-labelledby': 'answer-title' });
  }

  /**
   * Shows places for so many results to come.
   *
   * @param {number} count
   * @param {boolean} busy
   */
  clear(count, busy) {
    this.#replace(Array.from({ length: count }, emptyTile));
    this.#busy(busy);
  }

  setBusy() {
    this.#busy(true);
  }

  /**
   * Only the answer's own tiles are results to those who look for `data-result`. A tile that stays is not redrawn, and
   * while others may come, or where there is nothing, places stay.
   *
   * @param {Result[]} results
   * @param {boolean} early others may yet take their places
   */
  show(results, early) {
    const old = /** @type {HTMLElement[]} */ ([...this.element.children]);
    const tiles = results.map((result, i) => (isOf(old[i], result) ? old[i] : this.#tile(result, i)));
    if (!early) for (const tile of tiles) tile.dataset.result = '';
    while ((early || results.length === 0) && tiles.length < old.length) tiles.push(emptyTile());
    if (tiles.length !== old.length || tiles.some((tile, i) => tile !== old[i])) this.#replace(tiles);
    this.#busy(early);
  }

  /**
   * The focus that was in a tile goes to the one in its place, or waits at the list for the first that comes.
   *
   * @param {HTMLElement[]} tiles
   */
  #replace(tiles) {
    const held = this.element.matches(':focus-within');
    const place = [...this.element.children].findIndex(tile => tile.matches(':focus-within'));
    this.element.replaceChildren(...tiles);
    const next = tiles[Math.max(place, 0)]?.querySelector(/** @type {'button'} */ ('button, a[href]')) ?? this.element;
    if (held) next.focus({ preventScroll: true });
  }

  /** @param {boolean} busy */
  #busy(busy) {
    this.element.setAttribute('aria-busy', String(busy));
  }

  /**
   * @param {Result} result
   * @param {number} i
   */
  #tile(result, i) {
    const { path, label, score } = result;
    const tile = h('li', { class: 'tile', part: 'result' });
    Object.assign(tile.dataset, { path, label, score });
    const values = {
      rank: String(i + 1), label: label.replaceAll('_', ' '), score: this.#text.score(score), path,
    };
    const template = this.#template();
    tile.append(template ? fromTemplate(template, values, result) : this.#usual(values, result));
    return tile;
  }

  /**
   * @param {TileTexts} values
   * @param {Result} result
   */
  #usual({ rank, label, score }, result) {
    const name = this.#text.text('searchWith', { n: rank, label });
    const image = h('img', { alt: this.#text.text('rank', { n: rank, label }), decoding: 'async', part: 'image' });
    image.addEventListener('error', () => image.replaceWith(h('span', { class: 'picture missing' }, label)));
    image.src = result.thumb;
    const button = h('button', { type: 'button', class: 'look', 'aria-label': name, title: name }, image);
    button.addEventListener('click', () => this.#onChoose(result));
    const bar = h('span', { class: 'bar' });
    bar.style.setProperty('--score', String(Math.max(0, result.score)));
    const number = h('span', { class: 'score', part: 'score', title: this.#text.text('score', { score }) }, score);
    const text = h('span', { class: 'label', part: 'label', title: label, dir: 'auto' }, label);
    const caption = h('div', { class: 'caption' }, text, bar, number);
    const made = document.createDocumentFragment();
    made.append(button, caption);
    return made;
  }
}

/**
 * Whether a tile shows this result already. The same picture has another score with another part of the photo, and is
 * tried again where it is missing.
 *
 * @param {HTMLElement | undefined} tile
 * @param {Result} result
 */
function isOf(tile, { path, score }) {
  return tile?.dataset.path === path && tile.dataset.score === String(score) && !tile.querySelector('.missing');
}

/**
 * @param {HTMLTemplateElement} template
 * @param {TileTexts} values
 * @param {Result} result
 */
function fromTemplate(template, values, { thumb, url }) {
  const made = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (made.querySelectorAll('[data-field]'))) {
    const { field } = element.dataset;
    if (field === 'image') Object.assign(element, { src: thumb, alt: `${values.rank}: ${values.label}` });
    else if (field === 'link') Object.assign(element, { href: url });
    else element.textContent = values[/** @type {keyof TileTexts} */ (field)] ?? '';
  }
  return made;
}

/** The place of a result to come. Nothing for a screen reader. */
function emptyTile() {
  const lines = ['label', 'bar', 'score'].map(name => h('span', { class: name }, '\u00a0'));
  return h('li', { class: 'tile empty', 'aria-hidden': 'true' },
    h('div', { class: 'picture' }), h('div', { class: 'caption' }, ...lines));
}

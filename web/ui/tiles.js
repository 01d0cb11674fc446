// The list of results: places whose size is there before their pictures. How a result looks: tile.js, which comes with
// the engine.

import { h } from './dom.js';

/** @import { Result } from '../shared/types.js' */
/** @import { MakeTile } from './types.js' */

/** A list of results, best first. */
export class Tiles {
  /** @type {MakeTile} set before there is anything to show */
  makeTile = emptyTile;

  /** @param {string} titleId of the list's title */
  constructor(titleId) {
    this.element = h('ol', { class: 'results', part: 'results', tabindex: -1, 'aria-labelledby': titleId });
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
    const tiles = results.map((result, i) => (isOf(old[i], result) ? old[i] : this.makeTile(result, i)));
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

/** The place of a result to come. Nothing for a screen reader. */
function emptyTile() {
  const lines = ['label', 'bar', 'score'].map(name => h('span', { class: name }, '\u00a0'));
  return h('li', { class: 'tile empty', 'aria-hidden': 'true' },
    h('div', { class: 'picture' }), h('div', { class: 'caption' }, ...lines));
}

// The list of results. Each place has its size before its picture arrives. tile.js makes the results and is loaded with the
// engine.

import { h } from './dom.js';

/** @import { Result } from '../shared/types.js' */
/** @import { MakeTile } from './types.js' */

/** A list of results, best first. */
export class Tiles {
  /** @type {MakeTile} replaced before there are results */
  makeTile = emptyTile;

  /** @param {string} titleId of the list's title */
  constructor(titleId) {
    this.element = h('ol', { class: 'results', part: 'results', tabindex: -1, 'aria-labelledby': titleId });
  }

  /**
   * Shows empty places.
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
   * Shows results. Only results of the final answer have `data-result`. A tile that stays is not made again. Empty places
   * stay while there may be more results, or if there are none.
   *
   * @param {Result[]} results
   * @param {boolean} early better results may replace them
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
   * Replaces the tiles. If one of them had the focus, the new one in its place gets it, or else the list.
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
 * Whether a tile shows this result already. A picture may have another score now, and one that failed to load is loaded
 * again.
 *
 * @param {HTMLElement | undefined} tile
 * @param {Result} result
 */
function isOf(tile, { path, score, copies = 0 }) {
  const shown = tile?.dataset;
  return shown?.path === path && shown.score === `${score}` && shown.copies === `${copies}` && !tile?.querySelector('.missing');
}

/** Makes an empty place. Screen readers ignore it. */
function emptyTile() {
  const lines = ['label', 'bar', 'score'].map(name => h('span', { class: name }, '\u00a0'));
  return h('li', { class: 'tile empty', 'aria-hidden': 'true' },
    h('div', { class: 'picture' }), h('div', { class: 'caption' }, ...lines));
}

// Shows an answer and the settings of an index. This module is loaded with the engine.

import { h } from './dom.js';
import { Settings } from './settings.js';
import { adoptStyle } from './style.js';
import { tileMaker } from './tile.js';

/** @import { Answer, Info, Result, Timings } from '../shared/types.js' */
/** @import { Look, Parts, Translator, Wishes } from './types.js' */

const STEPS = /** @type {const} */ (['decode', 'preprocess', 'network', 'head', 'fetch', 'scan']);

const CSS = `
.heybagh .look { display: block; position: relative; padding: 0; border: 0; background: var(--ghost); cursor: pointer; }
.heybagh .look:focus-visible { outline-offset: -3px; }
.heybagh .tile img { display: block; width: 100%; aspect-ratio: 4 / 3; background: var(--ghost); object-fit: cover; }
.heybagh .look:hover img { opacity: 0.85; }
.heybagh .copies {
  position: absolute; inset-inline-end: 0.5rem; top: 0.5rem; padding: 0 0.6rem; border: 1px solid var(--line);
  border-radius: 99px; background: var(--surface); color: var(--text); font-size: 0.875rem; font-weight: 600;
}
.heybagh .missing {
  display: grid; place-items: center; aspect-ratio: 4 / 3; padding: 0.75rem; color: var(--quiet); overflow-wrap: anywhere;
}
.heybagh .label:not(.file)::first-letter { text-transform: uppercase; }
.heybagh a.label { color: inherit; text-decoration: none; }
.heybagh a.label:hover { color: var(--accent); text-decoration: underline; }
.heybagh a.label:focus-visible { outline-offset: -1px; }
.heybagh .bar::before {
  display: block; width: calc(100% * var(--score, 0)); height: 100%; border-radius: inherit;
  background: var(--accent); content: "";
}
.heybagh .tile[data-path] { animation: heybagh-arrive 0.28s ease-out backwards; }
.heybagh .tile:nth-child(2) { animation-delay: 0.04s; }
.heybagh .tile:nth-child(3) { animation-delay: 0.08s; }
.heybagh .tile:nth-child(4) { animation-delay: 0.12s; }
@keyframes heybagh-arrive { from { opacity: 0; transform: translateY(6px); } }

.heybagh .times { display: grid; grid-template-columns: auto 1fr; gap: 0.1rem 1rem; padding: 0.5rem 0; }
.heybagh .times dd { text-align: start; }

@media (forced-colors: active) {
  .heybagh .bar { border: 1px solid CanvasText; }
  .heybagh .bar::before { background: Highlight; forced-color-adjust: none; }
}
`;

export class AnswerView {
  #text;
  #t;
  #parts;

  /** The visitor's settings. */
  settings;

  /**
   * @param {Translator} translator
   * @param {Wishes} wishes
   * @param {Look} look
   * @param {Parts} parts the elements of the search
   */
  constructor(translator, wishes, look, parts) {
    this.#text = translator;
    this.#t = translator.text;
    this.#parts = parts;
    this.settings = new Settings(translator, wishes.again);
    parts.head.append(this.settings.element);
    parts.tiles.makeTile = tileMaker(translator, ({ url }) => wishes.take(url), look.template);
    adoptStyle(parts.element.getRootNode(), CSS);
  }

  /** @param {Result[]} results so far; better ones may replace them */
  showEarly(results) {
    this.#parts.tiles.show(results, true);
  }

  /**
   * @param {Answer} answer
   * @param {Info} info
   * @param {boolean} canShare offer a link
   */
  show({ results, nprobe, planned, scanned, timings }, { count, threads, simd }, canShare) {
    const { integer, milliseconds } = this.#text;
    const { tiles, empty, share, status } = this.#parts;
    tiles.show(results, false);
    empty.hidden = results.length > 0;
    share.classList.toggle('away', !canShare);
    const values = {
      scanned: integer(scanned), count: integer(count), ms: milliseconds(timings.total), nprobe, planned,
    };
    const searched = this.#t(nprobe < planned ? 'searchedPart' : 'searched', values);
    status.say(results.length > 0 ? searched : `${this.#t('none')} ${searched}`, true);
    this.#showTimes(timings, this.#t(threads > 1 ? 'threads' : 'oneThread', { n: threads, simd }));
  }

  /**
   * @param {Timings} timings
   * @param {string} how the network was computed, in words
   */
  #showTimes(timings, how) {
    const { times, timesBox } = this.#parts;
    const rows = STEPS.flatMap(step => {
      const note = step === 'network' ? ` (${how})` : '';
      return [h('dt', {}, this.#t(step)), h('dd', {}, `${this.#text.milliseconds(timings[step])} ms${note}`)];
    });
    times.replaceChildren(...rows);
    timesBox.classList.remove('away');
  }
}

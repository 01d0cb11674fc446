// The visitor's settings: the number of results, their label, and how much of the index to search.

import { h } from './dom.js';
import { adoptStyle } from './style.js';

/** @import { Info } from '../shared/types.js' */
/** @import { Choices, Translator } from './types.js' */

const K_SHOWN = [4, 8, 12, 24];

const CSS = `
.heybagh .fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 0.75rem; padding: 0.5rem 0; }
.heybagh .fields label { display: grid; gap: 0.2rem; align-content: end; font-size: 0.9375rem; }
.heybagh .fields label:has([type=checkbox]) { grid-auto-flow: column; justify-content: start; align-items: center; gap: 0.5rem; }
.heybagh .fields label:has([type=checkbox]) span { order: 1; }
.heybagh .fields [type=checkbox] { min-height: 0; width: 1.5rem; height: 1.5rem; margin: 0; accent-color: var(--accent); }
`;

export class Settings {
  #text;
  #distinct = true;

  /**
   * @param {Translator} translator
   * @param {() => void} onChange
   */
  constructor(translator, onChange) {
    this.#text = translator;
    this.k = h('select', {});
    this.label = h('select', {});
    this.labelField = this.#field('label', this.label);
    this.nprobe = h('input', { type: 'number', min: 1, step: 1, inputmode: 'numeric' });
    this.exact = h('input', { type: 'checkbox' });
    this.nprobeName = h('span', {});
    this.element = h('details', { class: 'advanced away', part: 'advanced' },
      h('summary', {}, translator.text('advanced')),
      h('div', { class: 'fields' }, this.#field('count', this.k), this.labelField,
        h('label', {}, this.nprobeName, this.nprobe), this.#field('exact', this.exact)));
    this.element.addEventListener('change', () => {
      this.nprobe.disabled = this.exact.checked;
      if (this.nprobe.reportValidity()) onChange();
    });
  }

  /**
   * @param {'count' | 'label' | 'exact'} key
   * @param {Element} input
   */
  #field(key, input) {
    return h('label', {}, h('span', {}, this.#text.text(key)), input);
  }

  /**
   * Fills in the values that are possible with an index.
   *
   * @param {Info} info
   * @param {Choices} chosen the page author's choices
   */
  offer({ nlist, nprobe, labels }, chosen) {
    adoptStyle(this.element.getRootNode(), CSS);
    const counts = [...new Set([chosen.k, ...K_SHOWN])].sort((a, b) => a - b);
    this.k.replaceChildren(...counts.map(k => h('option', { value: k, selected: k === chosen.k }, String(k))));
    const any = h('option', { value: '' }, this.#text.text('anyLabel'));
    const options = labels.filter(Boolean).map(label => h('option', { value: label }, label.replaceAll('_', ' ')));
    this.label.replaceChildren(any, ...options);
    this.labelField.hidden = options.length === 0;
    this.nprobe.max = String(nlist);
    this.nprobe.value = String(chosen.nprobe ?? nprobe);
    this.exact.checked = chosen.exact;
    this.#distinct = chosen.distinct;
    this.nprobe.disabled = chosen.exact;
    this.nprobeName.textContent = this.#text.text('nprobe', { nlist });
    this.element.classList.remove('away');
  }

  /** @returns {Choices} */
  get options() {
    const exact = this.exact.checked;
    const { value: label } = this.label;
    return {
      k: Number(this.k.value),
      exact,
      labels: label ? [label] : [],
      nprobe: exact ? undefined : Number(this.nprobe.value),
      distinct: this.#distinct,
    };
  }
}

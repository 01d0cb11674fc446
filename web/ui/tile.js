// How one result looks: its picture, which can be searched with, its name, which leads to the picture, and its score.

import { h } from './dom.js';

/** @import { Result } from '../shared/types.js' */
/** @import { Look, MakeTile, TileTexts, Translator } from './types.js' */

/**
 * @param {Translator} translator
 * @param {(result: Result) => void} onChoose called when a result is to be searched with
 * @param {Look['template']} template of the page, for its own look of a result: text goes to elements with
 *   data-field="name", "label", "score", "rank", "path" or "copies", the picture to an <img data-field="image">, its
 *   address to an <a data-field="link">
 * @returns {MakeTile}
 */
export function tileMaker(translator, onChoose, template) {
  return (result, i) => {
    const { path, label, score } = result;
    const tile = h('li', { class: 'tile', part: 'result' });
    Object.assign(tile.dataset, { path, label, score });
    const values = {
      rank: String(i + 1), name: nameOf(result), label: readable(label), score: translator.score(score), path,
    };
    const own = template();
    tile.append(own ? fromTemplate(own, values, result) : usual(translator, values, result, () => onChoose(result)));
    return tile;
  };
}

/**
 * What a picture is called: by its label, or else, as labels are optional, by its file.
 *
 * @param {Pick<Result, 'id' | 'label' | 'path'>} result
 */
export function nameOf({ id, label, path }) {
  return readable(label) || path.split('/').filter(Boolean).pop() || String(id);
}

/** @param {string} label */
function readable(label) {
  return label.replaceAll('_', ' ').trim();
}

/**
 * @param {Translator} translator
 * @param {TileTexts} values
 * @param {Result} result
 * @param {() => void} onChoose
 */
function usual({ text }, { rank, name, score, path }, result, onChoose) {
  const action = text('searchWith', { n: rank, name });
  const image = h('img', { alt: text('rank', { n: rank, name }), decoding: 'async', part: 'image' });
  image.addEventListener('error', () => image.replaceWith(h('span', { class: 'picture missing' }, name)));
  image.src = result.thumb;
  const button = h('button', { type: 'button', class: 'look', 'aria-label': action, title: action }, image);
  button.addEventListener('click', onChoose);
  const link = h('a', {
    class: result.label ? 'label' : 'label file', part: 'label', href: result.url, target: '_blank', rel: 'noopener', title: path, dir: 'auto',
  }, name);
  const bar = h('span', { class: 'bar' });
  bar.style.setProperty('--score', String(Math.max(0, result.score)));
  const number = h('span', { class: 'score', part: 'score', title: text('score', { score }) }, score);
  const made = document.createDocumentFragment();
  made.append(button, h('div', { class: 'caption' }, link, bar, number));
  return made;
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
    if (field === 'image') Object.assign(element, { src: thumb, alt: `${values.rank}: ${values.name}` });
    else if (field === 'link') Object.assign(element, { href: url });
    else element.textContent = values[/** @type {keyof TileTexts} */ (field)] ?? '';
  }
  return made;
}

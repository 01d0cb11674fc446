// Makes the tile of a result: its picture, which starts a search with it, its name, which links to it, and its score.

import { h } from './dom.js';

/** @import { Result } from '../shared/types.js' */
/** @import { Look, MakeTile, TileTexts, Translator } from './types.js' */

/**
 * @param {Translator} translator
 * @param {(result: Result) => void} onChoose called when the visitor wants to search with a result
 * @param {Look['template']} template the page's own look of a result, as in element.d.ts
 * @returns {MakeTile}
 */
export function tileMaker(translator, onChoose, template) {
  return (result, i) => {
    const { path, label, score, copies = 0 } = result;
    const tile = h('li', { class: 'tile', part: 'result' });
    Object.assign(tile.dataset, { path, label, score, copies });
    const values = {
      rank: String(i + 1), name: nameOf(result), label: readable(label), score: translator.score(score), path,
      copies: copies > 0 ? translator.integer(copies) : '',
    };
    const own = template();
    tile.append(own ? fromTemplate(own, values, result) : usual(translator, values, result, () => onChoose(result)));
    return tile;
  };
}

/**
 * A picture's name: its label, or the name of its file if it has no label.
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
function usual({ text }, { rank, name, score, path, copies }, result, onChoose) {
  const others = copies && text(result.copies === 1 ? 'copy' : 'copies', { n: copies });
  const action = `${text('searchWith', { n: rank, name })} ${others}`.trim();
  const image = h('img', { alt: text('rank', { n: rank, name }), decoding: 'async', part: 'image' });
  image.addEventListener('error', () => image.replaceWith(h('span', { class: 'picture missing' }, name)));
  image.src = result.thumb;
  const button = h('button', { type: 'button', class: 'look', 'aria-label': action, title: action }, image);
  if (copies) button.append(h('span', { class: 'copies', part: 'copies' }, `+${copies}`));
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

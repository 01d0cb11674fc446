// Makes the elements of a search. view.js decides what they show and when.

import { Announcer } from './announcer.js';
import { h, icon } from './dom.js';
import { Tiles } from './tiles.js';

/** @import { Look, Translator, Wishes } from './types.js' */

/** @typedef {(name: string) => string} MakeId makes an id that is unique in the document, which matters with `light` */

const LANDSCAPE = 'M6 9h36v30H6zM13 19a3.5 3.5 0 1 0 7 0 3.5 3.5 0 1 0-7 0m-6 15 10.5-9 7 6L33 22l8.5 8.5';

let searches = 0; // made in this page so far

/**
 * @param {Translator} translator
 * @param {Wishes} wishes
 * @param {Look} look
 */
export function makeParts(translator, wishes, look) {
  const prefix = `heybagh-${++searches}`;
  const id = (/** @type {string} */ name) => `${prefix}-${name}`;
  const query = makeQuery(translator, wishes, look, id);
  const answer = makeAnswer(translator, wishes, id);
  const layout = h('div', { class: 'layout' }, query.section, answer.section);
  const element = h('div', { class: 'heybagh', part: 'base', lang: translator.lang, dir: 'ltr' }, layout);
  return { ...query, ...answer, element };
}

/**
 * @param {Translator} translator
 * @param {Wishes} wishes
 * @param {Look} look
 * @param {MakeId} id
 */
function makeQuery({ text }, wishes, { samples, prompt }, id) {
  const input = h('input', {
    type: 'file', id: id('photo'), accept: 'image/*', multiple: true, class: 'unseen',
    'aria-describedby': `${id('formats')} ${id('error')}`,
  });
  const preview = h('img', { class: 'preview', part: 'preview', alt: text('photo'), decoding: 'async', hidden: true });
  const invitation = [icon(LANDSCAPE, '0 0 48 48'), h('strong', {}, text('choose')),
    h('span', { class: 'hint' }, text('orDrop'))];
  const inside = prompt ? h('slot', { name: 'prompt' }, ...invitation) : h('span', { class: 'inside' }, ...invitation);
  const drop = h('label', { for: id('photo'), class: 'drop', part: 'dropzone' }, preview,
    h('span', { class: 'invitation' }, inside), h('span', { class: 'again' }, text('chooseAgain')));
  const frame = h('div', { class: 'frame' }, input, drop);
  const camera = button(text('camera'), 'way camera');
  const addressToggle = button(text('address'), 'way');
  addressToggle.setAttribute('aria-expanded', 'false');
  const partToggle = button(text('part'), 'way');
  partToggle.classList.add('away');
  const ways = h('div', { class: 'ways', part: 'ways' }, camera, addressToggle, partToggle);
  const addressField = h('input', {
    type: 'url', 'aria-label': text('addressLabel'), placeholder: 'https://…', required: true, inputmode: 'url',
  });
  const addressForm = h('form', { class: 'address', hidden: true, novalidate: true },
    addressField, h('button', { class: 'go' }, text('addressGo')));
  const status = new Announcer();
  const bar = h('progress', { 'aria-labelledby': id('loading') });
  const barText = h('span', { class: 'fine', id: id('loading') });
  const loading = h('div', { class: 'loading', part: 'progress', hidden: true }, bar, barText);
  const section = h('section', { class: 'query', part: 'query', 'aria-labelledby': id('query') },
    h('h2', { id: id('query') }, text('photo')), frame, ways, addressForm, makeSamples(text, wishes, samples, id),
    h('p', { class: 'fine', id: id('formats') }, text('formats')),
    h('div', { class: 'state' }, status.element, loading));
  return {
    section, input, preview, drop, frame, camera, addressToggle, partToggle, ways, addressField, addressForm, status, bar,
    barText, loading,
  };
}

/**
 * @param {Translator['text']} text
 * @param {Wishes} wishes
 * @param {string[]} samples
 * @param {MakeId} id
 */
function makeSamples(text, wishes, samples, id) {
  const buttons = samples.map((address, i) => {
    const name = text('sample', { n: i + 1 });
    const image = h('img', { alt: name, loading: 'lazy', decoding: 'async', src: address });
    const sample = h('button', { type: 'button', class: 'sample', part: 'sample', title: name }, image);
    sample.addEventListener('click', () => wishes.take(address));
    image.addEventListener('error', () => { // a search with it would fail, too
      sample.remove();
      box.hidden = box.querySelector('.sample') === null;
    });
    return sample;
  });
  const box = h('div', { class: 'samples', hidden: samples.length === 0 },
    h('p', { class: 'fine', id: id('samples') }, text('samples')),
    h('div', { class: 'strip', role: 'group', 'aria-labelledby': id('samples') }, ...buttons));
  return box;
}

/**
 * @param {Translator} translator
 * @param {Wishes} wishes
 * @param {MakeId} id
 */
function makeAnswer({ text }, wishes, id) {
  const tiles = new Tiles(id('answer'));
  const empty = h('p', { class: 'nothing', hidden: true }, text('nothing'));
  const alert = h('p', { role: 'alert', id: id('error') });
  const retry = button(text('retry'), 'retry', wishes.retry);
  const notice = h('div', { class: 'notice', part: 'error', hidden: true }, alert, retry);
  const times = h('dl', { class: 'times fine' });
  const timesBox = h('details', { class: 'timings' }, h('summary', {}, text('details')), times);
  const share = button(text('share'), 'share', wishes.share);
  const head = h('div', { class: 'head' }, h('h2', { id: id('answer') }, text('results')));
  const section = h('section', { class: 'answer', part: 'answer', 'aria-labelledby': id('answer') }, head,
    h('div', { class: 'board' }, tiles.element, empty, notice),
    h('div', { class: 'below' }, timesBox, share));
  return { section, head, tiles, empty, alert, retry, notice, times, timesBox, share };
}

/**
 * @param {string} text
 * @param {string} name class and part
 * @param {() => void} [act] called when it is pressed
 */
function button(text, name, act) {
  const made = h('button', { type: 'button', class: name, part: name }, text);
  if (act) made.addEventListener('click', act);
  return made;
}

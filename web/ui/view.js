// What a search shows: its elements, and what is written into them. It decides nothing: it is told, and tells of what
// people do.

import { Announcer } from './announcer.js';
import { h, icon } from './dom.js';
import { Settings } from './settings.js';
import { Tiles } from './tiles.js';

const LANDSCAPE = 'M6 9h36v30H6zM13 19a3.5 3.5 0 1 0 7 0 3.5 3.5 0 1 0-7 0m-6 15 10.5-9 7 6L33 22l8.5 8.5';
const PHASES = { engine: 'loadingEngine', model: 'loadingModel', index: 'loadingIndex', ready: 'starting' };
const NAMES = { model: 'model', index: 'index' };

/**
 * @typedef {object} Wishes what people do, told to whoever decides
 * @property {(photo: Blob | string) => void} take a photo or its address
 * @property {(photos: File[]) => void} takeAll several at once
 * @property {() => void} again search with other settings
 * @property {(region: import('../heybagh.js').Region | null) => void} crop search with a part of the photo, or the whole
 * @property {() => void} retry after an error
 * @property {() => void} share
 */

export class View {
  #text;
  #photoAddress;
  #crop = null; // when it was asked for
  #status = new Announcer();

  /**
   * @param {object} translator of strings.js
   * @param {Wishes} wishes
   * @param {{template: () => HTMLTemplateElement | null, samples: string[], prompt: boolean}} look `prompt`: there is a
   *   slot for the drop zone's text
   */
  constructor(translator, wishes, { template, samples, prompt }) {
    this.#text = translator;
    this.tiles = new Tiles(translator, ({ url }) => wishes.take(url), template);
    this.settings = new Settings(translator, wishes.again);
    this.#makeParts(wishes);
    const layout = h('div', { class: 'layout' }, this.#makeQuery(wishes, samples, prompt), this.#makeAnswer());
    this.element = h('div', { class: 'heybagh', part: 'base', lang: translator.lang, dir: 'ltr' }, layout);
    this.#listen(wishes);
  }

  /* ---- Making ---- */

  #t(key, values) {
    return this.#text.text(key, values);
  }

  #button(key, className, act) {
    const button = h('button', { type: 'button', class: className, part: className }, this.#t(key));
    button.addEventListener('click', act);
    return button;
  }

  #makeParts(wishes) {
    const t = key => this.#t(key);
    this.input = h('input', {
      type: 'file', id: 'photo', accept: 'image/*', multiple: true, class: 'unseen',
      'aria-describedby': 'photo-formats error',
    });
    this.preview = h('img', { class: 'preview', part: 'preview', alt: t('photo'), decoding: 'async', hidden: true });
    this.camera = this.#button('camera', 'way camera', () => this.#openCamera());
    this.partToggle = this.#button('part', 'way', () => this.#togglePart(wishes));
    this.#offer(this.partToggle, false);
    this.addressToggle = this.#button('address', 'way', () => {
      this.#openAddress(this.addressForm.hidden);
      if (!this.addressForm.hidden) this.addressField.focus();
    });
    this.addressToggle.setAttribute('aria-expanded', 'false');
    this.addressField = h('input', {
      type: 'url', 'aria-label': t('addressLabel'), placeholder: 'https://…', required: true, inputmode: 'url',
    });
    this.addressForm = h('form', { class: 'address', hidden: true, novalidate: true },
      this.addressField, h('button', { class: 'go' }, t('addressGo')));
    this.bar = h('progress', { 'aria-labelledby': 'loading-text' });
    this.barText = h('span', { class: 'fine', id: 'loading-text' });
    this.loading = h('div', { class: 'loading', part: 'progress', hidden: true }, this.bar, this.barText);
    this.alert = h('p', { role: 'alert', id: 'error' });
    this.retry = this.#button('retry', 'retry', wishes.retry);
    this.notice = h('div', { class: 'notice', part: 'error', hidden: true }, this.alert, this.retry);
    this.empty = h('p', { class: 'nothing', hidden: true }, t('nothing'));
    this.times = h('dl', { class: 'times fine' });
    this.timesBox = h('details', { class: 'timings' }, h('summary', {}, t('details')), this.times);
    this.share = this.#button('share', 'share', wishes.share);
  }

  #makeQuery(wishes, samples, prompt) {
    const invitation = [icon(LANDSCAPE, '0 0 48 48'), h('strong', {}, this.#t('choose')),
      h('span', { class: 'hint' }, this.#t('orDrop'))];
    const inside = prompt ? h('slot', { name: 'prompt' }, ...invitation) : h('span', { class: 'inside' }, ...invitation);
    this.drop = h('label', { for: 'photo', class: 'drop', part: 'dropzone' }, this.preview,
      h('span', { class: 'invitation' }, inside), h('span', { class: 'again' }, this.#t('chooseAgain')));
    this.frame = h('div', { class: 'frame' }, this.input, this.drop);
    this.ways = h('div', { class: 'ways', part: 'ways' }, this.camera, this.addressToggle, this.partToggle);
    return h('section', { class: 'query', part: 'query', 'aria-labelledby': 'query-title' },
      h('h2', { id: 'query-title' }, this.#t('photo')), this.frame, this.ways, this.addressForm,
      this.#makeSamples(wishes, samples), h('p', { class: 'fine', id: 'photo-formats' }, this.#t('formats')),
      h('div', { class: 'state' }, this.#status.element, this.loading));
  }

  #makeSamples(wishes, samples) {
    const buttons = samples.map((address, i) => {
      const name = this.#t('sample', { n: i + 1 });
      const image = h('img', { alt: name, loading: 'lazy', decoding: 'async', src: address });
      const button = h('button', { type: 'button', class: 'sample', part: 'sample', title: name }, image);
      button.addEventListener('click', () => wishes.take(address));
      image.addEventListener('error', () => { // nobody could search with it either
        button.remove();
        box.hidden = box.querySelector('.sample') === null;
      });
      return button;
    });
    const box = h('div', { class: 'samples', hidden: samples.length === 0 },
      h('p', { class: 'fine', id: 'samples-title' }, this.#t('samples')),
      h('div', { class: 'strip', role: 'group', 'aria-labelledby': 'samples-title' }, ...buttons));
    return box;
  }

  #makeAnswer() {
    return h('section', { class: 'answer', part: 'answer', 'aria-labelledby': 'answer-title' },
      h('div', { class: 'head' }, h('h2', { id: 'answer-title' }, this.#t('results')), this.settings.element),
      h('div', { class: 'board' }, this.tiles.element, this.empty, this.notice),
      h('div', { class: 'below' }, this.timesBox, this.share));
  }

  #listen(wishes) {
    this.input.addEventListener('change', () => {
      const files = [...this.input.files];
      this.input.value = ''; // so that choosing the same file once more is a change again
      if (files.length > 0) wishes.takeAll(files);
    });
    this.preview.addEventListener('error', () => this.#showPreview(false));
    this.addressForm.addEventListener('submit', event => {
      event.preventDefault();
      if (this.addressField.value.trim()) wishes.take(this.addressField.value.trim());
    });
  }

  #openCamera() {
    this.input.setAttribute('capture', 'environment');
    this.input.click();
    this.input.removeAttribute('capture');
  }

  #togglePart(wishes) {
    if (!this.#crop?.isOpen) return this.#openCrop(wishes);
    this.#closeCrop();
    this.partToggle.focus();
    wishes.crop(null);
  }

  /** Few need it: it comes when it is asked for. */
  async #openCrop(wishes) {
    this.#crop ??= await this.#makeCrop(wishes).catch(() => null);
    if (!this.#crop || this.preview.hidden) return;
    this.partToggle.textContent = this.#t('whole');
    this.#crop.open();
  }

  async #makeCrop(wishes) {
    const { Crop } = await import('./crop.js');
    const crop = new Crop(this.preview, this.#t('partHelp'), region => {
      if (region) return wishes.crop(region);
      this.#togglePart(wishes);
    });
    this.frame.append(crop.element);
    return crop;
  }

  #closeCrop() {
    if (!this.#crop) return;
    this.#leave(this.#crop.element);
    this.#crop.close();
    this.partToggle.textContent = this.#t('part');
  }

  #openAddress(open) {
    this.addressForm.hidden = !open;
    this.addressToggle.setAttribute('aria-expanded', String(open));
  }

  /** Several photos were given: a place for those that wait. */
  addTray(element) {
    this.ways.after(element);
  }

  /* ---- Telling ---- */

  /** Before anything heavy is loaded: what will be searched, and what it will take. */
  showFacade(count, bytes) {
    this.#status.say(this.#t('facade', { count: this.#text.integer(count), size: this.#text.megabytes(bytes) }));
  }

  /** @param {import('../heybagh.js').Progress} progress */
  showProgress({ phase, loaded, total, source }) {
    const last = phase === 'index' && loaded === total;
    const next = this.#photoAddress && phase !== 'ready' ? ` ${this.#t('photoIsNext')}` : '';
    this.#status.say(this.#t(last ? 'starting' : PHASES[phase]) + next);
    this.loading.hidden = phase === 'ready';
    this.bar.max = total;
    this.bar.value = loaded;
    const sizes = { loaded: this.#text.megabytes(loaded), total: this.#text.megabytes(total) };
    this.barText.textContent = NAMES[phase]
      ? this.#t(source === 'cache' ? 'bytesKept' : 'bytes', { name: this.#t(NAMES[phase]), ...sizes }) : '';
  }

  /** @param {number} count pictures that can be searched */
  showReady(count) {
    this.loading.hidden = true;
    this.#status.say(this.#t('ready', { count: this.#text.integer(count) }));
  }

  /**
   * Shows the photo that is asked about, in place of the last one and its answer.
   *
   * @param {import('../heybagh.js').ImageSource | Float32Array} photo pixels and vectors have no preview
   * @param {number} k results to come
   */
  showPhoto(photo, k) {
    this.#releasePhoto();
    this.#photoAddress = addressOf(photo);
    if (this.#photoAddress) this.preview.src = this.#photoAddress;
    this.#showPreview(Boolean(this.#photoAddress));
    this.#clearResults(k, true);
  }

  /** The photo is being searched. */
  showSearching() {
    this.hideError();
    this.empty.hidden = true;
    this.tiles.setBusy();
    this.#status.say(this.#t('searching'));
  }

  /** @param {import('../heybagh.js').Result[]} results that may yet give way to better ones */
  showEarly(results) {
    this.tiles.show(results, true);
  }

  /**
   * @param {import('../heybagh.js').Answer} answer
   * @param {ReturnType<import('../heybagh.js').HeyBagh['info']>} info
   * @param {boolean} canShare offers the link
   */
  showAnswer({ results, nprobe, planned, scanned, timings }, { count, threads, simd }, canShare) {
    const { integer, milliseconds } = this.#text;
    this.tiles.show(results, false);
    this.empty.hidden = results.length > 0;
    this.#offer(this.share, canShare);
    const values = {
      scanned: integer(scanned), count: integer(count), ms: milliseconds(timings.total), nprobe, planned,
    };
    const searched = this.#t(nprobe < planned ? 'searchedPart' : 'searched', values);
    this.#status.say(results.length > 0 ? searched : `${this.#t('none')} ${searched}`, true);
    this.#showTimes(timings, this.#t(threads > 1 ? 'threads' : 'oneThread', { n: threads, simd }));
  }

  #showTimes({ decode, preprocess, network, head, fetch, scan }, how) {
    const rows = Object.entries({ decode, preprocess, network, head, fetch, scan }).flatMap(([name, time]) => {
      const note = name === 'network' ? ` (${how})` : '';
      return [h('dt', {}, this.#t(name)), h('dd', {}, `${this.#text.milliseconds(time)} ms${note}`)];
    });
    this.times.replaceChildren(...rows);
    this.#offer(this.timesBox, true);
  }

  /** Fills in an address that somebody else proposes; it waits for a click. */
  offerAddress(address) {
    this.#openAddress(true);
    this.addressField.value = address;
  }

  showShared() {
    this.#status.say(this.#t('shared'), true);
  }

  /**
   * @param {string} message
   * @param {boolean} canRetry offers the button
   */
  showError(message, canRetry) {
    this.#clearResults(this.tiles.element.children.length, false);
    this.#status.say('');
    this.loading.hidden = true;
    this.alert.textContent = message;
    this.retry.hidden = !canRetry;
    this.notice.hidden = false;
  }

  hideError() {
    this.#leave(this.notice);
    this.notice.hidden = true;
    this.alert.textContent = '';
  }

  /** The drop zone shows that it will take what is being dragged. */
  mark(dragging) {
    this.element.classList.toggle('dragging', dragging);
  }

  /** Nothing is there: no photo, no answer, no error. */
  clear(k) {
    this.#releasePhoto();
    this.#showPreview(false);
    this.#clearResults(k, false);
    this.hideError();
    this.#status.say('');
  }

  #releasePhoto() {
    if (this.#photoAddress?.startsWith('blob:')) URL.revokeObjectURL(this.#photoAddress);
    this.#photoAddress = null;
  }

  #showPreview(shown) {
    this.preview.hidden = !shown;
    this.#offer(this.partToggle, shown);
    this.drop.classList.toggle('filled', shown);
    this.#closeCrop();
  }

  #clearResults(count, busy) {
    this.tiles.clear(count, busy);
    this.empty.hidden = true;
    this.#offer(this.share, false);
    this.#offer(this.timesBox, false);
  }

  /** What is not offered keeps its room, so that nothing moves when it is. */
  #offer(element, offered) {
    if (!offered) this.#leave(element);
    element.classList.toggle('away', !offered);
  }

  /** What is about to go passes the focus on to where every search begins. */
  #leave(element) {
    if (element.matches(':focus-within')) this.input.focus({ preventScroll: true });
  }
}

function addressOf(photo) {
  if (photo instanceof Blob) return URL.createObjectURL(photo);
  if (photo instanceof HTMLImageElement) return photo.currentSrc;
  return typeof photo === 'string' || photo instanceof URL ? String(photo) : null;
}

// Shows the state of a search in its elements (parts.js), and reports what the visitor does. It makes no decisions.

import { makeParts } from './parts.js';

/** @import { Progress } from '../shared/types.js' */
/** @import { AnswerView } from './answer.js' */
/** @import { Look, Photo, Translator, Wishes } from './types.js' */

const PHASES = /** @type {const} */ ({
  engine: 'loadingEngine', model: 'loadingModel', index: 'loadingIndex', ready: 'starting',
});

export class View {
  #text;
  #wishes;
  #look;
  #parts;
  #t;
  /** @type {string | null} */
  #photoAddress = null;
  /** @type {import('./crop.js').Crop | null} made when it is needed */
  #crop = null;

  /** @type {AnswerView | undefined} made when the engine's modules are loaded */
  answer;

  /**
   * @param {Translator} translator
   * @param {Wishes} wishes
   * @param {Look} look
   */
  constructor(translator, wishes, look) {
    this.#text = translator;
    this.#t = translator.text;
    this.#wishes = wishes;
    this.#look = look;
    this.#parts = makeParts(translator, wishes, look);
    this.element = this.#parts.element;
    this.#listen();
  }

  #listen() {
    const { input, preview, camera, partToggle, addressToggle, addressForm, addressField } = this.#parts;
    input.addEventListener('change', () => {
      const files = [...input.files ?? []];
      input.value = ''; // or choosing the same file again would not be a change
      if (files.length > 0) this.#wishes.takeAll(files);
    });
    preview.addEventListener('error', () => this.#showPreview(false));
    camera.addEventListener('click', () => this.#openCamera());
    partToggle.addEventListener('click', () => this.#togglePart());
    addressToggle.addEventListener('click', () => {
      this.#openAddress(addressForm.hidden);
      if (!addressForm.hidden) addressField.focus();
    });
    addressForm.addEventListener('submit', event => {
      event.preventDefault();
      const address = addressField.value.trim();
      if (address) this.#wishes.take(address);
    });
  }

  #openCamera() {
    this.#parts.input.setAttribute('capture', 'environment');
    this.#parts.input.click();
    this.#parts.input.removeAttribute('capture');
  }

  #togglePart() {
    if (!this.#crop?.isOpen) return this.#openCrop();
    this.#closeCrop();
    this.#parts.partToggle.focus();
    this.#wishes.crop(null);
  }

  /** Loads the module for parts, which few visitors need. */
  async #openCrop() {
    this.#crop ??= await this.#makeCrop().catch(() => null);
    if (!this.#crop || this.#parts.preview.hidden) return;
    this.#parts.partToggle.textContent = this.#t('whole');
    this.#crop.open();
  }

  async #makeCrop() {
    const { Crop } = await import('./crop.js');
    const crop = new Crop(this.#parts.preview, this.#t('partHelp'), region => {
      if (region) return this.#wishes.crop(region);
      this.#togglePart();
    });
    this.#parts.frame.append(crop.element);
    return crop;
  }

  #closeCrop() {
    if (!this.#crop) return;
    this.#leave(this.#crop.element);
    this.#crop.close();
    this.#parts.partToggle.textContent = this.#t('part');
  }

  /** @param {boolean} open */
  #openAddress(open) {
    this.#parts.addressForm.hidden = !open;
    this.#parts.addressToggle.setAttribute('aria-expanded', String(open));
  }

  /** @param {typeof import('./answer.js')} module loaded with the engine's modules */
  addAnswerView({ AnswerView }) {
    this.answer ??= new AnswerView(this.#text, this.#wishes, this.#look, this.#parts);
  }

  /** @param {HTMLElement} element the tray for several photos */
  addTray(element) {
    this.#parts.ways.after(element);
  }

  /* ---- Showing ---- */

  /**
   * Shows what the first search will download.
   *
   * @param {number} count number of pictures in the index
   * @param {number} bytes to download
   */
  showDownloadCost(count, bytes) {
    this.#parts.status.say(this.#t('cost', { count: this.#text.integer(count), size: this.#text.megabytes(bytes) }));
  }

  /** @param {Progress} progress */
  showProgress({ phase, loaded, total, source }) {
    const last = phase === 'index' && loaded === total;
    const next = this.#photoAddress && phase !== 'ready' ? ` ${this.#t('photoIsNext')}` : '';
    this.#parts.status.say(this.#t(last ? 'starting' : PHASES[phase]) + next);
    this.#parts.loading.hidden = phase === 'ready';
    this.#parts.bar.max = total;
    this.#parts.bar.value = loaded;
    const sizes = { loaded: this.#text.megabytes(loaded), total: this.#text.megabytes(total) };
    this.#parts.barText.textContent = phase === 'model' || phase === 'index'
      ? this.#t(source === 'cache' ? 'bytesKept' : 'bytes', { name: this.#t(phase), ...sizes }) : '';
  }

  /** @param {number} count number of pictures in the index */
  showReady(count) {
    this.#parts.loading.hidden = true;
    this.#parts.status.say(this.#t('ready', { count: this.#text.integer(count) }));
  }

  /**
   * Shows a new photo, and removes the last one and its answer.
   *
   * @param {Photo} photo pixels and vectors have no preview
   * @param {number} k number of empty places to show
   */
  showPhoto(photo, k) {
    this.#releasePhoto();
    this.#photoAddress = addressOf(photo);
    if (this.#photoAddress) this.#parts.preview.src = this.#photoAddress;
    this.#showPreview(Boolean(this.#photoAddress));
    this.#clearResults(k, true);
  }

  /** The photo is being searched. */
  showSearching() {
    this.hideError();
    this.#parts.empty.hidden = true;
    this.#parts.tiles.setBusy();
    this.#parts.status.say(this.#t('searching'));
  }

  /**
   * Offers to search with an address, which is not fetched before the visitor agrees.
   *
   * @param {string} address
   * @param {boolean} isPasted the visitor has pasted it, so focus it
   */
  offerAddress(address, isPasted) {
    this.#openAddress(true);
    this.#parts.addressField.value = address;
    if (isPasted) this.#parts.addressField.focus();
  }

  showShared() {
    this.#parts.status.say(this.#t('shared'), true);
  }

  /**
   * @param {string} message
   * @param {boolean} canRetry offer to try again
   */
  showError(message, canRetry) {
    this.#clearResults(this.#parts.tiles.element.children.length, false);
    this.#parts.status.say('');
    this.#parts.loading.hidden = true;
    this.#parts.alert.textContent = message;
    this.#parts.retry.hidden = !canRetry;
    this.#parts.notice.hidden = false;
  }

  hideError() {
    this.#leave(this.#parts.notice);
    this.#parts.notice.hidden = true;
    this.#parts.alert.textContent = '';
  }

  /** @param {boolean} dragging highlight the drop zone */
  mark(dragging) {
    this.element.classList.toggle('dragging', dragging);
  }

  /**
   * Removes photo, answer and error.
   *
   * @param {number} k number of empty places to show
   */
  clear(k) {
    this.#releasePhoto();
    this.#showPreview(false);
    this.#clearResults(k, false);
    this.hideError();
    this.#parts.status.say('');
  }

  #releasePhoto() {
    if (this.#photoAddress?.startsWith('blob:')) URL.revokeObjectURL(this.#photoAddress);
    this.#photoAddress = null;
  }

  /** @param {boolean} shown */
  #showPreview(shown) {
    this.#parts.preview.hidden = !shown;
    this.#offer(this.#parts.partToggle, shown);
    this.#parts.drop.classList.toggle('filled', shown);
    this.#closeCrop();
  }

  /**
   * @param {number} count
   * @param {boolean} busy
   */
  #clearResults(count, busy) {
    this.#parts.tiles.clear(count, busy);
    this.#parts.empty.hidden = true;
    this.#offer(this.#parts.share, false);
    this.#offer(this.#parts.timesBox, false);
  }

  /**
   * Shows or hides an element. A hidden element keeps its room, so that nothing moves.
   *
   * @param {Element} element
   * @param {boolean} offered
   */
  #offer(element, offered) {
    if (!offered) this.#leave(element);
    element.classList.toggle('away', !offered);
  }

  /** @param {Element} element will be hidden; if it has the focus, the file input gets it */
  #leave(element) {
    if (element.matches(':focus-within')) this.#parts.input.focus({ preventScroll: true });
  }
}

/** @param {Photo} photo */
function addressOf(photo) {
  if (photo instanceof Blob) return URL.createObjectURL(photo);
  if (photo instanceof HTMLImageElement) return photo.currentSrc;
  return typeof photo === 'string' || photo instanceof URL ? String(photo) : null;
}

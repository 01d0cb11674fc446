// One search in a page: takes photos, asks the engine, shows answers. The newest photo wins, always.

import { forgetEngine, leaveEngine, shareEngine } from './shared-engines.js';

/**
 * @typedef {object} Place where a search is, told what happens there
 * @property {(name: 'ready' | 'progress' | 'results' | 'error', detail: object) => void} tell
 * @property {() => object} engineOptions of `HeyBagh.load`
 * @property {() => {k: number, nprobe?: number, exact: boolean, labels: string[]}} choices of whoever put it there
 * @property {() => boolean} canShare offers links to searches
 */

export class Search {
  #view;
  #place;
  #text;
  #engine = null; // until it is loaded, and after it has failed
  #opening = null; // a promise of an engine that may still be loading
  #opened = null; // that engine
  #loading = null; // a promise of one that is loaded
  #query = null; // the newest: {photo, region, options}
  #closed = false;

  /**
   * @param {import('./view.js').View} view
   * @param {Place} place
   * @param {object} translator of strings.js
   */
  constructor(view, place, translator) {
    this.#view = view;
    this.#place = place;
    this.#text = translator;
    view.clear(place.choices().k);
  }

  /** @returns {import('../heybagh.js').HeyBagh | null} */
  get engine() {
    return this.#engine;
  }

  /** Whether it is loading, or has a photo: then there is better to tell than what it is. */
  get began() {
    return Boolean(this.#loading || this.#query);
  }

  /** What is searched with now: a Blob, an address, or null. */
  get photo() {
    return this.#query?.photo ?? null;
  }

  /**
   * Loads the engine, if it is not there. One that breaks down meanwhile is loaded once more.
   *
   * @returns {Promise<import('../heybagh.js').HeyBagh>}
   * @throws {HeyBaghError} also shown
   */
  load(mayRepeat = true) {
    this.#loading ??= this.#load().catch(error => {
      if (!isGone(error) || !mayRepeat || this.#closed) throw error;
      this.#forget();
      return this.#load();
    }).catch(error => {
      this.#fail(error);
      throw error;
    });
    return this.#loading;
  }

  async #load() {
    this.#view.hideError();
    const engine = this.#opened = await this.#open();
    await engine.ready;
    if (this.#closed) return engine;
    this.#engine = engine;
    const info = engine.info();
    this.#view.settings.offer(info, this.#place.choices());
    if (!this.#query) this.#view.showReady(info.count);
    this.#place.tell('ready', info);
    return engine;
  }

  #open() {
    this.#opening ??= shareEngine(this, this.#place.engineOptions(), progress => {
      if (this.#closed) return;
      this.#view.showProgress(progress);
      this.#place.tell('progress', progress);
    });
    return this.#opening;
  }

  /**
   * Searches with a photo and shows the answer.
   *
   * @param {import('../heybagh.js').ImageSource} photo
   * @param {object} [options] of `HeyBagh#search`, before those that people have set
   * @returns {Promise<import('../heybagh.js').Answer | null>} null if a newer photo has come
   * @throws {HeyBaghError} also shown, unless a newer photo has come
   */
  async take(photo, options) {
    this.#query = { photo, options };
    this.#view.showPhoto(photo, options?.k ?? this.#options().k);
    return this.#run(this.#query);
  }

  /** Searches once more, as settings have changed. */
  again() {
    return this.#query && this.#run(this.#query = { ...this.#query });
  }

  /** Searches once more, with a part of the photo, or with the whole (null). */
  crop(region) {
    if (!this.#query) return null;
    return this.#run(this.#query = { ...this.#query, region: region ?? undefined });
  }

  async retry() {
    const query = this.#query;
    await this.load();
    return query && query === this.#query ? this.#run(query) : null;
  }

  #options() {
    return this.#engine ? this.#view.settings.options : this.#place.choices();
  }

  /**
   * Searches and shows nothing.
   *
   * @param {import('../heybagh.js').ImageSource} photo
   * @param {object} options of `HeyBagh#search`
   * @returns {Promise<import('../heybagh.js').Answer>}
   * @throws {HeyBaghError}
   */
  async find(photo, options, mayRepeat = true) {
    const engine = await this.load(mayRepeat);
    try {
      return await engine.search(photo, { partial: true, ...options });
    } catch (error) {
      if (!isGone(error) || this.#closed) throw error;
      if (engine === this.#opened) this.#forget();
      if (!mayRepeat) throw error;
      return this.find(photo, options, false);
    }
  }

  /**
   * The engine is asked at once, also while it is loading: it can decode the photo meanwhile. If it breaks down,
   * another is asked, once.
   */
  async #run(query, mayRepeat = true) {
    const isNewest = () => query === this.#query && !this.#closed;
    const loading = this.load(mayRepeat);
    const opening = this.#open();
    const answering = this.#ask(opening, query, isNewest);
    answering.catch(() => {}); // looked at below, when loading is over
    const engine = await loading;
    if (isNewest()) this.#view.showSearching();
    try {
      const answer = await answering;
      if (!isNewest()) return null;
      const { photo } = query;
      this.#view.showAnswer(answer, engine.info(), typeof photo === 'string' && this.#place.canShare());
      this.#place.tell('results', { ...answer, photo });
      return answer;
    } catch (error) {
      if (isGone(error) && mayRepeat && isNewest()) {
        if (await opening === this.#opened) this.#forget(); // else another is there already
        return this.#run(query, false);
      }
      if (isGone(error)) this.#fail(error);
      else if (isNewest()) this.show(error, false);
      throw error;
    }
  }

  async #ask(opening, { photo, region, options }, isNewest) {
    const engine = await opening;
    const onResults = ({ results }) => isNewest() && this.#view.showEarly(results);
    return engine.search(photo, { onResults, region, partial: true, ...this.#options(), ...options });
  }

  /** The engine is not there, and will not come by itself. */
  #fail(error) {
    this.#forget();
    this.show(error, true);
  }

  #forget() {
    if (this.#opened) forgetEngine(this.#opened);
    this.#engine = this.#opened = this.#opening = this.#loading = null;
  }

  /** Shows what went wrong, with a button if loading again may help. */
  show(error, canRetry) {
    if (this.#closed) return;
    const sentence = this.#sentence(error);
    this.#view.showError(sentence, canRetry);
    this.#place.tell('error', { code: error.code ?? 'unknown', message: sentence });
  }

  #sentence(error) {
    if (!error.code) return this.#text.text('somethingWrong', { message: error.message ?? error });
    const isOffline = error.code === 'download-failed' && navigator.onLine === false;
    return isOffline ? this.#text.text('offline') : this.#text.failure(error);
  }

  /** Frees the engine, which others may be using: they load another. */
  closeEngine() {
    if (!this.#opened) return this.#opening?.then(close, () => {});
    close(this.#opened);
  }

  /** Shows and tells nothing more. The engine stays, unless it is to be freed and nobody else uses it. */
  close(free = false) {
    this.#closed = true;
    leaveEngine(this, free);
  }
}

/** The engine broke down, or was closed by another search of the page. */
const isGone = ({ code }) => code === 'crashed' || code === 'closed';

function close(engine) {
  forgetEngine(engine);
  engine.close();
}

// One search in a page: takes photos, asks the engine, shows answers. The newest photo wins, always.

import { forgetEngine, obtainEngine } from './engines.js';

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
  #loading = null;
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
   * Loads the engine, if it is not there.
   *
   * @returns {Promise<import('../heybagh.js').HeyBagh>}
   * @throws {HeyBaghError} also shown
   */
  load() {
    this.#loading ??= this.#load().catch(error => {
      this.#fail(error);
      throw error;
    });
    return this.#loading;
  }

  async #load() {
    this.#view.hideError();
    const engine = await obtainEngine(this.#place.engineOptions(), progress => {
      if (this.#closed) return;
      this.#view.showProgress(progress);
      this.#place.tell('progress', progress);
    });
    if (this.#closed) return engine;
    this.#engine = engine;
    const info = engine.info();
    this.#view.settings.offer(info, this.#place.choices());
    if (!this.#query) this.#view.showReady(info.count);
    this.#place.tell('ready', info);
    return engine;
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

  async #run(query) {
    const isNewest = () => query === this.#query && !this.#closed;
    const engine = this.#engine ?? await this.load();
    if (!isNewest()) return null;
    this.#view.showSearching();
    try {
      const onResults = ({ results }) => isNewest() && this.#view.showEarly(results);
      const { photo, region } = query;
      const answer = await engine.search(photo, { onResults, region, ...this.#options(), ...query.options });
      if (!isNewest()) return null;
      this.#view.showAnswer(answer, engine.info(), typeof photo === 'string' && this.#place.canShare());
      this.#place.tell('results', { ...answer, photo });
      return answer;
    } catch (error) {
      if (error.code === 'crashed' || error.code === 'closed') this.#fail(error);
      else if (isNewest()) this.#show(error, false);
      throw error;
    }
  }

  /** The engine is not there, and will not come by itself. */
  #fail(error) {
    if (this.#engine) forgetEngine(this.#engine);
    this.#engine = this.#loading = null;
    this.#show(error, true);
  }

  #show(error, canRetry) {
    if (this.#closed) return;
    const sentence = error.code ? this.#text.failure(error)
      : this.#text.text('somethingWrong', { message: error.message ?? error });
    this.#view.showError(sentence, canRetry);
    this.#place.tell('error', { code: error.code ?? 'unknown', message: sentence });
  }

  /** Frees the engine, which others may be using, too. */
  closeEngine() {
    if (!this.#engine) return;
    forgetEngine(this.#engine);
    this.#engine.close();
  }

  /** Shows and tells nothing more. The engine, which others may use, stays. */
  close() {
    this.#closed = true;
  }
}

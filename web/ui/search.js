// One search in a page: takes photos, calls the engine and shows answers. The newest photo always wins.

/** @import { Answer, ImageSource, Progress, Region, SearchOptions } from '../shared/types.js' */
/** @import { Engine, Photo, Place, Query, Translator } from './types.js' */
/** @import { View } from './view.js' */

// ms to wait for the engine's modules (30 kB): as long as for the Worker in shared/limits.js, which is one of them
const MODULES = 60_000;

export class Search {
  #view;
  #place;
  #text;
  /** @type {Engine | null} null until it is loaded, and after it has failed */
  #engine = null;
  /** @type {Promise<Engine> | null} settles when the engine exists; it may still be loading */
  #opening = null;
  /** @type {Engine | null} the engine of `#opening` */
  #opened = null;
  /** @type {Promise<Engine> | null} settles when the engine is loaded */
  #loading = null;
  /** @type {Query | null} the newest */
  #query = null;
  /** @type {typeof import('./shared-engines.js') | null} */
  #engines = null;
  #closed = false;
  #free = false;

  /**
   * @param {View} view
   * @param {Place} place
   * @param {Translator} translator
   */
  constructor(view, place, translator) {
    this.#view = view;
    this.#place = place;
    this.#text = translator;
    view.clear(place.choices().k);
  }

  get engine() {
    return this.#engine;
  }

  /** Whether it is loading or has a photo, so that the status line is in use. */
  get began() {
    return Boolean(this.#loading || this.#query);
  }

  /** The current query: a Blob, an address, or null. */
  get photo() {
    return this.#query?.photo ?? null;
  }

  /**
   * Loads the engine, if it is not loaded. If it crashes meanwhile, it is loaded a second time.
   *
   * @returns {Promise<Engine>}
   * @throws {HeyBaghError} which is also shown
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
    this.#view.answer?.settings.offer(info, this.#place.choices());
    if (!this.#query) this.#view.showReady(info.count);
    this.#place.tell('ready', info);
    return engine;
  }

  #open() {
    this.#opening ??= this.#share();
    return this.#opening;
  }

  async #share() {
    const options = this.#place.engineOptions();
    const modules = Promise.all([import('./shared-engines.js'), this.#place.importHeyBagh(), import('./answer.js')]);
    const [engines, { HeyBagh }, answer] = await Promise.race([modules, late()]);
    this.#view.addAnswerView(answer);
    const engine = engines.shareEngine(this, HeyBagh, options, progress => {
      if (this.#closed) return;
      this.#view.showProgress(progress);
      this.#place.tell('progress', progress);
    });
    this.#engines = engines;
    if (this.#closed) engines.leaveEngine(this, this.#free);
    return engine;
  }

  /**
   * Searches with a photo and shows the answer.
   *
   * @param {Photo} photo
   * @param {SearchOptions} [options] override the visitor's settings
   * @returns {Promise<Answer | null>} null if there is a newer photo
   * @throws {HeyBaghError} which is also shown, unless there is a newer photo
   */
  async take(photo, options) {
    this.#query = { photo, options };
    this.#view.showPhoto(photo, options?.k ?? this.#options().k);
    return this.#run(this.#query);
  }

  /** Searches again after settings have changed. */
  again() {
    return this.#query && this.#run(this.#query = { ...this.#query });
  }

  /** @param {Region | null} region the part of the photo to search with; null: the whole photo */
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
    return (this.#engine && this.#view.answer?.settings.options) ?? this.#place.choices();
  }

  /**
   * Searches without showing anything.
   *
   * @param {ImageSource} photo
   * @param {SearchOptions} options
   * @returns {Promise<Answer>}
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
   * Calls the engine at once, also while it is loading, so that it can decode the photo meanwhile. If the engine crashes,
   * the search is repeated once with a new one.
   *
   * @param {Query} query
   * @returns {Promise<Answer | null>}
   */
  async #run(query, mayRepeat = true) {
    const isNewest = () => query === this.#query && !this.#closed;
    const loading = this.load(mayRepeat);
    const opening = this.#open();
    const answering = this.#ask(opening, query, isNewest);
    answering.catch(() => {}); // handled below, after loading
    const engine = await loading;
    if (isNewest()) this.#view.showSearching();
    try {
      const answer = await answering;
      if (!isNewest()) return null;
      const { photo } = query;
      this.#view.answer?.show(answer, engine.info(), typeof photo === 'string' && this.#place.canShare());
      this.#place.tell('results', { ...answer, photo });
      return answer;
    } catch (error) {
      if (isGone(error) && mayRepeat && isNewest()) {
        if (await opening === this.#opened) this.#forget(); // or else there is a new one already
        return this.#run(query, false);
      }
      if (isGone(error)) this.#fail(error);
      else if (isNewest()) this.show(error, false);
      throw error;
    }
  }

  /**
   * @param {Promise<Engine>} opening
   * @param {Query} query
   * @param {() => boolean} isNewest
   */
  async #ask(opening, { photo, region, options }, isNewest) {
    const engine = await opening;
    /** @type {SearchOptions['onResults']} */
    const onResults = ({ results }) => isNewest() && this.#view.answer?.showEarly(results);
    return engine.search(photo, { onResults, region, partial: true, ...this.#options(), ...options });
  }

  /** @param {unknown} error that ended the engine, or kept it from loading */
  #fail(error) {
    this.#forget();
    this.show(error, true);
  }

  #forget() {
    if (this.#opened) this.#engines?.forgetEngine(this.#opened);
    this.#engine = this.#opened = this.#opening = this.#loading = null;
  }

  /**
   * @param {unknown} error
   * @param {boolean} canRetry offer to load again
   */
  show(error, canRetry) {
    if (this.#closed) return;
    const { code, message } = Object(error);
    const sentence = code ? this.#sentence({ code, message })
      : this.#text.text('somethingWrong', { message: message ?? error });
    this.#view.showError(sentence, canRetry);
    this.#place.tell('error', { code: code ?? 'unknown', message: sentence });
  }

  /** @param {{code: string, message: string}} failure */
  #sentence(failure) {
    const isOffline = failure.code === 'download-failed' && navigator.onLine === false;
    return isOffline ? this.#text.text('offline') : this.#text.failure(failure);
  }

  /** Frees the engine. Other searches that use it load a new one. */
  closeEngine() {
    /** @param {Engine} engine */
    const close = engine => {
      this.#engines?.forgetEngine(engine);
      engine.close();
    };
    if (this.#opened) close(this.#opened);
    else this.#opening?.then(close, () => {});
  }

  /** Ends the search. The engine stays, unless it should be freed and has no other user. */
  close(free = false) {
    this.#closed = true;
    this.#free = free;
    this.#engines?.leaveEngine(this, free);
  }
}

/**
 * Whether the engine crashed, or another search of the page closed it.
 *
 * @param {unknown} error
 */
const isGone = error => ['crashed', 'closed'].includes(Object(error).code);

/**
 * Rejects after a time limit, as the browser has none for modules.
 *
 * @returns {Promise<never>}
 */
function late() {
  return new Promise((_, reject) => {
    const message = `The engine's modules could not be downloaded: they did not arrive within ${MODULES / 1000} s.`;
    setTimeout(() => reject(Object.assign(new Error(message), { code: 'download-failed' })), MODULES);
  });
}

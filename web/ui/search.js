// One search in a page: takes photos, asks the engine, shows answers. The newest photo wins, always.

/** @import { Answer, ImageSource, Progress, Region, SearchOptions } from '../shared/types.js' */
/** @import { Engine, Photo, Place, Query, Translator } from './types.js' */
/** @import { View } from './view.js' */

// ms that the engine's modules may take, of 30 kB: as long as shared/limits.js, which is one of them, gives the Worker
const MODULES = 60_000;

export class Search {
  #view;
  #place;
  #text;
  /** @type {Engine | null} until it is loaded, and after it has failed */
  #engine = null;
  /** @type {Promise<Engine> | null} an engine that may still be loading */
  #opening = null;
  /** @type {Engine | null} that engine */
  #opened = null;
  /** @type {Promise<Engine> | null} one that is loaded */
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
   * @returns {Promise<Engine>}
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
   * @param {SearchOptions} [options] before those that people have set
   * @returns {Promise<Answer | null>} null if a newer photo has come
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

  /** @param {Region | null} region of the photo, to search with once more; null: the whole */
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
   * Searches and shows nothing.
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
   * The engine is asked at once, also while it is loading: it can decode the photo meanwhile. If it breaks down,
   * another is asked, once.
   *
   * @param {Query} query
   * @returns {Promise<Answer | null>}
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
      this.#view.answer?.show(answer, engine.info(), typeof photo === 'string' && this.#place.canShare());
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

  /** @param {unknown} error for which the engine is not there, and will not come by itself */
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
   * @param {boolean} canRetry shows a button, as loading again may help
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

  /** Frees the engine, which others may be using: they load another. */
  closeEngine() {
    /** @param {Engine} engine */
    const close = engine => {
      this.#engines?.forgetEngine(engine);
      engine.close();
    };
    if (this.#opened) close(this.#opened);
    else this.#opening?.then(close, () => {});
  }

  /** Shows and tells nothing more. The engine stays, unless it is to be freed and nobody else uses it. */
  close(free = false) {
    this.#closed = true;
    this.#free = free;
    this.#engines?.leaveEngine(this, free);
  }
}

/**
 * Whether the engine broke down, or was closed by another search of the page.
 *
 * @param {unknown} error
 */
const isGone = error => ['crashed', 'closed'].includes(Object(error).code);

/**
 * Nothing else tells of a module that does not come.
 *
 * @returns {Promise<never>}
 */
function late() {
  return new Promise((_, reject) => {
    const message = `The engine's modules could not be downloaded: they did not come in ${MODULES / 1000} seconds.`;
    setTimeout(() => reject(Object.assign(new Error(message), { code: 'download-failed' })), MODULES);
  });
}

// The inside of <heybagh-search>: a view, a search, a tray for several photos, and links if searches are shared. The
// element's attributes say what is wanted.

import { readDownloadCost } from './download-cost.js';
import { listenForIntent, whenNearlySeen } from './intent.js';
import { listenForPhotos } from './photo-input.js';
import { Search } from './search.js';
import { View } from './view.js';

/** @import { SearchOptions } from '../shared/types.js' */
/** @import { Tray } from './tray.js' */
/** @import { Attributes, Choices, EngineOptions, ImportHeyBagh, Look, Photo, Translator, Wishes } from './types.js' */

const K_DEFAULT = 4;

export class Widget {
  #element;
  #texts;
  #importHeyBagh;
  #view;
  #search;
  /** @type {Promise<Tray | void> | null} made for several photos at once */
  #tray = null;
  /** @type {typeof import('./share.js') | null} loaded if searches are shared */
  #links = null;
  /** @type {(() => void)[]} */
  #stops = [];

  /**
   * @param {HTMLElement & Attributes} element
   * @param {Node & ParentNode} root contains its elements
   * @param {Translator} texts
   * @param {ImportHeyBagh} importHeyBagh
   */
  constructor(element, root, texts, importHeyBagh) {
    this.#element = element;
    this.#texts = texts;
    this.#importHeyBagh = importHeyBagh;
    this.#view = this.#makeView();
    for (const child of [...root.childNodes]) if (!(child instanceof HTMLTemplateElement)) child.remove();
    root.append(this.#view.element);
    this.#search = this.#newSearch();
    this.#stops.push(listenForPhotos({
      element,
      take: photos => this.#takeAll(photos),
      offer: address => this.#view.offerAddress(address, true),
      mark: dragging => this.#view.mark(dragging),
    }));
    this.#loadInTime();
    this.#takeSrc();
  }

  /** The engine, or null if it is not loaded. */
  get engine() {
    return this.#search.engine;
  }

  load() {
    return this.#search.load();
  }

  /**
   * @param {Photo} photo
   * @param {SearchOptions} [options]
   */
  search(photo, options) {
    return this.#search.take(photo, options);
  }

  /** @param {string} name of an attribute that has changed */
  change(name) {
    if (name === 'src') this.#takeSrc();
    else if (name === 'share') quietly(this.#takeShared());
    else if (name === 'index' || name === 'model') this.begin(true);
    else if (this.engine) this.#view.answer?.settings.offer(this.engine.info(), this.#choices());
  }

  /** Begins a new search without a photo, and ends the last one. */
  begin(free = false) {
    this.#search.close(free);
    this.#closeTray();
    this.#search = this.#newSearch();
  }

  closeEngine() {
    this.#search.closeEngine();
    this.begin();
  }

  close() {
    this.#closeTray();
    for (const stop of this.#stops) stop();
    this.#search.close();
    this.#view.element.remove();
  }

  #makeView() {
    /** @type {Wishes} */
    const wishes = {
      take: photo => quietly(this.#search.take(photo)),
      takeAll: photos => this.#takeAll(photos),
      again: () => quietly(this.#search.again()),
      crop: region => quietly(this.#search.crop(region)),
      retry: () => quietly(this.#search.retry()),
      share: () => this.#share(),
    };
    /** @type {Look} */
    const look = {
      template: () => this.#element.querySelector(':scope > template[slot=result]'),
      samples: (this.#element.samples ?? '').split(/\s+/).filter(Boolean),
      prompt: !this.#element.light,
    };
    return new View(this.#texts, wishes, look);
  }

  #newSearch() {
    return new Search(this.#view, {
      importHeyBagh: this.#importHeyBagh,
      engineOptions: () => this.#engineOptions(),
      choices: () => this.#choices(),
      canShare: () => this.#element.share && this.#links !== null,
      tell: (name, detail) => {
        this.#element.dispatchEvent(new CustomEvent(`heybagh-${name}`, { detail, bubbles: true, composed: true }));
        if (name === 'ready') this.#tray?.then(tray => tray?.goOn());
      },
    }, this.#texts);
  }

  /** @returns {Choices} */
  #choices() {
    const { k, nprobe, exact, duplicates } = this.#element;
    return { k: k ?? K_DEFAULT, nprobe: nprobe ?? undefined, exact, labels: [], distinct: !duplicates };
  }

  /** @returns {EngineOptions} */
  #engineOptions() {
    const { index, model, threads, prefetch } = this.#element;
    return { index: index ?? '', model: model ?? undefined, threads: threads ?? undefined, prefetch };
  }

  #loadInTime() {
    const load = () => quietly(this.#search.load());
    if (this.#element.loading === 'eager') return load();
    this.#stops.push(listenForIntent(this.#element, load));
    this.#stops.push(whenNearlySeen(this.#element, async () => {
      const cost = await readDownloadCost(this.#element.index ?? '');
      if (cost && !this.#search.began) this.#view.showDownloadCost(cost.count, cost.bytes);
    }));
  }

  /**
   * Searches with the newest photo. If there are several, all go into the tray.
   *
   * @param {(File | string)[]} photos
   */
  #takeAll(photos) {
    const newestFirst = [...photos].sort((a, b) => ageOf(b) - ageOf(a));
    quietly(this.#search.take(newestFirst[0]));
    if (photos.length > 1) quietly(this.#offerTray(newestFirst.filter(photo => photo instanceof File)));
  }

  /** @param {File[]} photos */
  async #offerTray(photos) {
    this.#tray ??= import('./tray.js').then(({ Tray }) => new Tray(this.#texts, {
      ready: () => this.#search.load(),
      find: photo => this.#search.find(photo, { k: 1 }),
      show: photo => quietly(this.#search.take(photo)),
    })).catch(error => {
      this.#tray = null;
      this.#search.show(error, false);
    });
    const tray = await this.#tray;
    if (!tray) return;
    this.#view.addTray(tray.element);
    tray.add(photos);
  }

  #closeTray() {
    this.#tray?.then(tray => tray?.close());
    this.#tray = null;
  }

  #takeSrc() {
    const { src } = this.#element;
    if (src) quietly(this.#search.take(src));
    quietly(this.#takeShared());
  }

  async #takeShared() {
    if (!this.#element.share) return;
    this.#links = await import('./share.js');
    const shared = this.#links.sharedPhoto();
    if (!shared || this.#search.photo) return;
    if (shared.isOurs) quietly(this.#search.take(shared.address));
    else this.#view.offerAddress(shared.address, false);
  }

  async #share() {
    const { photo } = this.#search;
    if (!this.#links || typeof photo !== 'string') return;
    const link = this.#links.linkTo(photo);
    try {
      await navigator.clipboard.writeText(link);
      this.#view.showShared();
    } catch {
      history.replaceState(history.state, '', link); // without a clipboard, put it into the address bar
    }
  }
}

/** @param {File | string} photo */
function ageOf(photo) {
  return photo instanceof File ? photo.lastModified : 0;
}

/** @param {Promise<unknown> | null} searching its errors are shown already */
function quietly(searching) {
  searching?.catch(() => {});
}

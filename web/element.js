// <heybagh-search>: a search by photo for any page.
//
//   <script type="module" src="https://host/heybagh/element.js"></script>
//   <heybagh-search index="https://host/bundle/"></heybagh-search>
//
// Attributes, each also a property (numbers and booleans as such):
//   index      address of the bundle's folder; required
//   model      address of the model; by default the one that the index names
//   k          results, 1 to 16384; 4
//   nprobe     lists to search; by default what the index recommends
//   exact      search all lists
//   src        address of a picture to search with, at once and whenever it changes
//   samples    addresses of pictures to try, with spaces between them
//   loading    "lazy" (the default): engine and model are loaded when somebody is about to use the search, by pointer,
//              keyboard, drop or paste; "eager": at once
//   share      offers links to searches with pictures that have an address: this page's, with ?q=
//   threads    at most so many, where the page may share memory
//   prefetch   fetch the whole index in the background
//   lang       language of the texts: en, de, fr; by default that of the nearest element that says it
//   light      no shadow root: the page's style sheets apply to the search's elements
//
// Methods: load, search, embed, info, close as those of HeyBagh (heybagh.js), and clear.
// Events, which bubble: heybagh-ready (info), heybagh-progress (phase, loaded, total, source), heybagh-results (the
// answer, and photo), heybagh-error (code, message); all in `detail`.
// Slot "prompt": what stands in the drop zone. <template slot="result">: how a result looks (ui/tiles.js).
// Parts and custom properties: ui/style.js.

import { readDownloadCost } from './ui/download-cost.js';
import { listenForIntent, whenNearlySeen } from './ui/intent.js';
import { listenForPhotos } from './ui/photo-input.js';
import { Search } from './ui/search.js';
import { loadStrings } from './ui/strings.js';
import { adoptStyle } from './ui/style.js';
import { View } from './ui/view.js';

const TEXTS = ['index', 'model', 'src', 'samples', 'loading'];
const NUMBERS = ['k', 'nprobe', 'threads'];
const FLAGS = ['exact', 'share', 'prefetch', 'light'];
const K_DEFAULT = 4;

/**
 * The attributes as properties, which are defined below.
 *
 * @typedef {object} Mirrored
 * @property {string | null} index
 * @property {string | null} model
 * @property {string | null} src
 * @property {string | null} samples
 * @property {string | null} loading
 * @property {number | null} k
 * @property {number | null} nprobe
 * @property {number | null} threads
 * @property {boolean} exact
 * @property {boolean} share
 * @property {boolean} prefetch
 * @property {boolean} light
 */

const MirroredElement = /** @type {new () => HTMLElement & Mirrored} */ (HTMLElement);

export class HeyBaghSearchElement extends MirroredElement {
  static observedAttributes = ['index', 'model', 'src', 'share', 'k', 'nprobe', 'exact'];

  #texts = null;
  #view = null;
  #search = null;
  #tray = null; // a promise of one, when several photos were given at once
  #links = null; // share.js, where searches are shared
  #made = null; // a promise: all of these are there
  #stops = [];

  connectedCallback() {
    keepEarlyProperties(this);
    this.#made ??= this.#make();
  }

  disconnectedCallback() {
    queueMicrotask(() => {
      if (!this.isConnected) this.#unmake(); // else it was only moved
    });
  }

  attributeChangedCallback(name, before, now) {
    if (before === now || !this.#search) return;
    if (name === 'src') this.#takeSrc();
    else if (name === 'share') quietly(this.#takeShared());
    else if (name === 'index' || name === 'model') this.#begin(true);
    else if (this.#search.engine) this.#view.settings.offer(this.#search.engine.info(), this.#choices());
  }

  /* ---- Methods ---- */

  /**
   * Loads the engine, if it is not there.
   *
   * @returns {Promise<import('./heybagh.js').HeyBagh>}
   * @throws {HeyBaghError}
   */
  async load() {
    await this.#made;
    return this.#search.load();
  }

  /**
   * Searches, and shows it.
   *
   * @param {import('./heybagh.js').ImageSource | Float32Array} image
   * @param {object} [options] as of `HeyBagh#search`
   * @returns {Promise<import('./heybagh.js').Answer | null>} null if a newer search has taken its place
   * @throws {HeyBaghError}
   */
  async search(image, options) {
    await this.#made;
    return this.#search.take(image, options);
  }

  /** @returns {Promise<Float32Array>} as of `HeyBagh#embed`; shows nothing */
  async embed(image, options) {
    return (await this.load()).embed(image, options);
  }

  /** @returns {object | null} as of `HeyBagh#info`; null as long as the engine is not loaded */
  info() {
    return this.#search?.engine?.info() ?? null;
  }

  /** Forgets photo and answer. */
  async clear() {
    await this.#made;
    this.#begin();
  }

  /** Frees the engine, which other searches of the page may be using; the next search loads it again. */
  close() {
    this.#search?.closeEngine();
    if (this.#search) this.#begin();
  }

  /* ---- Making and unmaking ---- */

  async #make() {
    this.#texts = await loadStrings(this.closest('[lang]')?.getAttribute('lang') || 'en');
    const root = this.light ? this : this.shadowRoot ?? this.attachShadow({ mode: 'open' });
    adoptStyle(root);
    this.#makeView(root);
    this.#begin();
    this.#stops.push(listenForPhotos(this, {
      take: photos => this.#takeAll(photos), mark: dragging => this.#view.mark(dragging),
    }));
    this.#loadInTime();
    this.#takeSrc();
  }

  #makeView(root) {
    const wishes = {
      take: photo => quietly(this.#search.take(photo)),
      takeAll: photos => this.#takeAll(photos),
      again: () => quietly(this.#search.again()),
      crop: region => quietly(this.#search.crop(region)),
      retry: () => quietly(this.#search.retry()),
      share: () => this.#share(),
    };
    const look = {
      /** @returns {HTMLTemplateElement | null} */
      template: () => this.querySelector(':scope > template[slot=result]'),
      samples: (this.samples ?? '').split(/\s+/).filter(Boolean),
      prompt: !this.light,
    };
    this.#view = new View(this.#texts, wishes, look);
    for (const child of [...root.childNodes]) if (child.localName !== 'template') child.remove();
    root.append(this.#view.element);
  }

  /** The newest is searched now; of several all go to the tray, which comes when it is needed. */
  #takeAll(photos) {
    const newestFirst = [...photos].sort((a, b) => b.lastModified - a.lastModified);
    quietly(this.#search.take(newestFirst[0]));
    if (photos.length > 1) quietly(this.#offerTray(newestFirst));
  }

  async #offerTray(photos) {
    this.#tray ??= import('./ui/tray.js').then(({ Tray }) => new Tray(this.#texts, {
      ready: () => this.#search.load(),
      find: photo => this.#search.find(photo, { k: 1 }),
      show: photo => quietly(this.#search.take(photo)),
    })).catch(error => {
      this.#tray = null;
      this.#search.show(error);
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

  #unmake() {
    this.#closeTray();
    for (const stop of this.#stops.splice(0)) stop();
    this.#search?.close();
    this.#search = this.#made = null;
    this.#view?.element.remove();
  }

  /** A search without a photo; of the one before, nothing more is heard. */
  #begin(free = false) {
    this.#search?.close(free);
    this.#closeTray();
    this.#search = new Search(this.#view, {
      tell: (name, detail) => {
        this.dispatchEvent(new CustomEvent(`heybagh-${name}`, { detail, bubbles: true, composed: true }));
        if (name === 'ready') this.#tray?.then(tray => tray?.goOn());
      },
      engineOptions: () => this.#engineOptions(),
      choices: () => this.#choices(),
      canShare: () => this.share && this.#links,
    }, this.#texts);
  }

  #loadInTime() {
    const load = () => quietly(this.#search?.load());
    if (this.loading === 'eager') return load();
    this.#stops.push(listenForIntent(this, load));
    this.#stops.push(whenNearlySeen(this, async () => {
      const facade = await readDownloadCost(this.index ?? '');
      if (facade && this.#search && !this.#search.began) this.#view.showFacade(facade.count, facade.bytes);
    }));
  }

  #takeSrc() {
    if (this.src) quietly(this.#search.take(this.src));
    quietly(this.#takeShared());
  }

  async #takeShared() {
    if (!this.share) return;
    this.#links = await import('./ui/share.js');
    const shared = this.#links.sharedPhoto();
    if (!shared || this.#search.photo) return;
    if (shared.isOurs) quietly(this.#search.take(shared.address));
    else this.#view.offerAddress(shared.address);
  }

  async #share() {
    const link = this.#links.linkTo(this.#search.photo);
    try {
      await navigator.clipboard.writeText(link);
      this.#view.showShared();
    } catch {
      history.replaceState(history.state, '', link); // where there is no clipboard, the address bar has it
    }
  }

  #choices() {
    return { k: this.k ?? K_DEFAULT, nprobe: this.nprobe ?? undefined, exact: this.exact, labels: [] };
  }

  #engineOptions() {
    const { index, model, threads, prefetch } = this;
    return {
      index: index ?? '', model: model ?? undefined, threads: threads ?? undefined, prefetch,
    };
  }
}

/** What goes wrong has been shown. */
function quietly(promise) {
  promise?.catch(() => {});
}

/** Properties that were set before the class was known would hide its own. */
function keepEarlyProperties(element) {
  for (const name of [...TEXTS, ...NUMBERS, ...FLAGS]) {
    if (!Object.hasOwn(element, name)) continue;
    const value = element[name];
    delete element[name];
    element[name] = value;
  }
}

function mirror(name, read, write) {
  Object.defineProperty(HeyBaghSearchElement.prototype, name, {
    configurable: true,
    enumerable: true,
    get() {
      return read(this.getAttribute(name));
    },
    set(value) {
      write(this, value);
    },
  });
}

for (const name of TEXTS) {
  mirror(name, value => value, (element, value) => set(element, name, value));
}
for (const name of NUMBERS) {
  mirror(name, value => (value === null ? null : Number(value)), (element, value) => set(element, name, value));
}
for (const name of FLAGS) {
  mirror(name, value => value !== null, (element, value) => element.toggleAttribute(name, Boolean(value)));
}

function set(element, name, value) {
  if (value === null || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

if (!customElements.get('heybagh-search')) customElements.define('heybagh-search', HeyBaghSearchElement);

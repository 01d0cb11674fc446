// <heybagh-search>: a search by photo for any page. element.d.ts is its documentation.
//
//   <script type="module" src="https://host/heybagh/element.js"></script>
//   <heybagh-search index="https://host/bundle/"></heybagh-search>

import { loadStrings } from './ui/strings.js';
import { adoptStyle } from './ui/style.js';
import { Widget } from './ui/widget.js';

/** @typedef {import('./element.js').HeyBaghSearchElement} Declared in element.d.ts */

const TEXTS = ['index', 'model', 'src', 'samples', 'loading'];
const NUMBERS = ['k', 'nprobe', 'threads'];
const FLAGS = ['exact', 'duplicates', 'share', 'prefetch', 'light'];

// On a server, where there are no elements, this module can be imported and defines nothing.
const HasElements = globalThis.HTMLElement ?? class {};
const MirroredElement = /** @type {new () => HTMLElement & import('./ui/types.js').Attributes} */ (HasElements);

/** @implements {Declared} */
export class HeyBaghSearchElement extends MirroredElement {
  static observedAttributes = ['index', 'model', 'src', 'share', 'k', 'nprobe', 'exact', 'duplicates'];

  /** @type {Promise<void> | null} settles when the widget is made */
  #made = null;
  #stays = 0; // how often it was put into a document or taken out
  /** @type {Widget | null} */
  #widget = null;

  connectedCallback() {
    keepEarlyProperties(this);
    this.#made ??= this.#make();
  }

  disconnectedCallback() {
    queueMicrotask(() => {
      if (!this.isConnected) this.#unmake(); // or else it was only moved
    });
  }

  /**
   * @param {string} name
   * @param {string | null} before
   * @param {string | null} now
   */
  attributeChangedCallback(name, before, now) {
    if (before !== now) this.#widget?.change(name);
  }

  /* ---- Methods ---- */

  /** @type {Declared['load']} */
  async load() {
    const engine = await (await this.#there('load')).load();
    return /** @type {import('./heybagh.js').HeyBagh} */ (engine);
  }

  /** @type {Declared['search']} */
  async search(image, options) {
    return (await this.#there('search')).search(image, options);
  }

  /** @type {Declared['embed']} */
  async embed(image, options) {
    return (await (await this.#there('embed')).load()).embed(image, options);
  }

  /** @type {Declared['info']} */
  info() {
    return this.#widget?.engine?.info() ?? null;
  }

  /** @type {Declared['clear']} */
  async clear() {
    (await this.#there('clear')).begin();
  }

  /** @type {Declared['close']} */
  close() {
    this.#widget?.closeEngine();
  }

  /* ---- Making and unmaking ---- */

  async #make() {
    const stay = ++this.#stays;
    const texts = await loadStrings(this.closest('[lang]')?.getAttribute('lang') || 'en');
    if (stay !== this.#stays) return; // it was taken out meanwhile
    const root = this.light ? this : this.shadowRoot ?? this.attachShadow({ mode: 'open' });
    adoptStyle(root);
    this.#widget?.close();
    this.#widget = new Widget(this, root, texts, () => import('./heybagh.js'));
  }

  #unmake() {
    this.#stays++;
    this.#widget?.close();
    this.#widget = this.#made = null;
  }

  /**
   * Waits for the widget. The element may be put into the document right after the call.
   *
   * @param {string} method that needs it
   */
  async #there(method) {
    await null;
    while (this.#made && !this.#widget) await this.#made;
    if (this.#widget) return this.#widget;
    const { HeyBaghError } = await import('./shared/errors.js');
    const message = `This <heybagh-search> is not in the document. Put it there before you call ${method}().`;
    throw new HeyBaghError('invalid-argument', message);
  }
}

/**
 * Takes over properties that were set before the class was known; they would hide those of the class.
 *
 * @param {object} element
 */
function keepEarlyProperties(element) {
  for (const name of [...TEXTS, ...NUMBERS, ...FLAGS]) {
    const early = Object.getOwnPropertyDescriptor(element, name);
    if (!early) continue;
    Reflect.deleteProperty(element, name);
    Reflect.set(element, name, early.value);
  }
}

/**
 * @param {string} name of an attribute
 * @param {(value: string | null) => string | number | boolean | null} read
 * @param {(element: Element, value: unknown) => void} [write]
 */
function mirror(name, read, write = (element, value) => set(element, name, value)) {
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

for (const name of TEXTS) mirror(name, value => value);
for (const name of NUMBERS) mirror(name, value => (value === null ? null : Number(value)));
for (const name of FLAGS) {
  mirror(name, value => value !== null, (element, value) => element.toggleAttribute(name, Boolean(value)));
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {unknown} value
 */
function set(element, name, value) {
  if (value === null || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, String(value));
}

const { customElements: registry } = globalThis;
if (registry && !registry.get('heybagh-search')) registry.define('heybagh-search', HeyBaghSearchElement);

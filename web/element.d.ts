// <heybagh-search>: a search by photo for any page.
//
//   <script type="module" src="https://host/heybagh/element.js"></script>
//   <heybagh-search index="https://host/bundle/"></heybagh-search>
//
// Every property below is also an attribute. Boolean attributes are true if they are present. HTML's own attribute `lang`,
// of this element or the nearest one around it, chooses the language of the texts: en, de or fr; default: en.
//
// Slots: "prompt" replaces the text in the drop zone. `<template slot="result">` replaces the look of a result. In it,
// elements with data-field="name" (the label, or the file's name if there is no label), "label", "score", "rank", "path" or
// "copies" (how many more equal files there are, '' for none) receive text, an <img data-field="image"> the picture, and an
// <a data-field="link"> its address.
//
// Style sheets may set the custom properties --heybagh-accent, --heybagh-accent-ground, --heybagh-text, --heybagh-quiet,
// --heybagh-surface, --heybagh-ghost, --heybagh-line (borders of controls; contrast 3:1), --heybagh-hairline,
// --heybagh-danger, --heybagh-danger-ground, --heybagh-radius and --heybagh-font; and the parts base, query, dropzone,
// preview, ways, way, tray, sample, progress, status, answer, results, result, image, label, score, copies, error, retry,
// share, crop and advanced.
//
// The search takes files that are dropped or pasted anywhere in the page, unless something else takes them: an event with
// defaultPrevented, a text field, an editor, or whatever has the focus. An address is fetched only if it is pasted or dropped
// into the search; if it is pasted elsewhere, the search asks first.

import type { Answer, EmbedOptions, HeyBagh, ImageSource, Info, Progress, SearchOptions } from './heybagh.js';

export class HeyBaghSearchElement extends HTMLElement {
  /** Address of the bundle's folder, relative to the document; required. */
  index: string | null;
  /** Address of the model; default: the one that the index names. */
  model: string | null;
  /** Address of a picture. The element searches with it at once, and again when it changes. */
  src: string | null;
  /** Addresses of pictures to try, separated by spaces; read once, when the element is put into the document. */
  samples: string | null;
  /**
   * When to load engine and model. "lazy", the default: when somebody is about to use the search, by pointer, keyboard,
   * drop or paste; "eager": at once. Read once, like `samples`.
   */
  loading: string | null;
  /** Number of results, 1 to 16384; default: 4. */
  k: number | null;
  /** Number of lists to search, 1 to nlist; default: what the index recommends. */
  nprobe: number | null;
  /** The largest number of threads; default: 4. Only cross-origin isolated pages have more than one. */
  threads: number | null;
  /** Search all lists. */
  exact: boolean;
  /** Show equal files separately; default: show one of them, and how many more there are. */
  duplicates: boolean;
  /** Offer a link to each search with a picture that has an address: this page's address with ?q=. */
  share: boolean;
  /** Fetch the whole index in the background. */
  prefetch: boolean;
  /** Use no shadow root, so that the page's style sheets apply inside. Read once, like `samples`. */
  light: boolean;

  /**
   * Loads the engine, if it is not loaded. All methods that return a promise reject with a HeyBaghError;
   * `invalid-argument` if the element is not in the document.
   */
  load(): Promise<HeyBagh>;
  /**
   * Searches and shows the answer. The options are those of `HeyBagh.search`: k, nprobe, exact, labels, minScore, distinct,
   * region, partial and onResults. Defaults are the attributes, or what the visitor has set; and `partial: true`.
   *
   * @returns null if a newer search has replaced this one
   */
  search(image: ImageSource | Float32Array, options?: SearchOptions): Promise<Answer | null>;
  /** Computes an embedding, like `HeyBagh.embed`; shows nothing. */
  embed(image: ImageSource, options?: EmbedOptions): Promise<Float32Array>;
  /** Returns what `HeyBagh.info` returns, or null if the engine is not loaded. */
  info(): Info | null;
  /** Removes photo and answer. */
  clear(): Promise<void>;
  /** Frees the engine, also for other searches of the page that use it; the next search loads it again. */
  close(): void;
}

/** The element's events. All of them bubble. */
export interface HeyBaghSearchEvents {
  /** The engine is loaded. */
  'heybagh-ready': CustomEvent<Info>;
  /** Loading has made progress. */
  'heybagh-progress': CustomEvent<Progress>;
  /** An answer is shown; `photo` is the query. */
  'heybagh-results': CustomEvent<Answer & { photo: ImageSource | Float32Array }>;
  /** An error is shown. `code` is that of a HeyBaghError, or "unknown"; `message` is the sentence that is shown. */
  'heybagh-error': CustomEvent<{ code: string; message: string }>;
}

declare global {
  interface HTMLElementTagNameMap {
    'heybagh-search': HeyBaghSearchElement;
  }
  interface HTMLElementEventMap extends HeyBaghSearchEvents {}
}

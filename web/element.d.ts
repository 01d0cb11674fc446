// <heybagh-search>: a search by photo for any page.
//
//   <script type="module" src="https://host/heybagh/element.js"></script>
//   <heybagh-search index="https://host/bundle/"></heybagh-search>
//
// Every property but those that HTML has is an attribute, too: texts and numbers by their value, booleans by being
// there. HTML's own `lang` is the language of the texts, en, de or fr; by default that of the nearest element that says
// it.
//
// Slots: "prompt" is what stands in the drop zone; `<template slot="result">` is how a result looks: text goes to its
// elements with data-field="label", "score", "rank" or "path", the picture to an <img data-field="image">, and its
// address to an <a data-field="link">.
//
// Style sheets may set the custom properties --heybagh-accent, --heybagh-accent-ground, --heybagh-text, --heybagh-quiet,
// --heybagh-surface, --heybagh-ghost, --heybagh-line (edges of what is to be used; 3:1 on the ground),
// --heybagh-hairline, --heybagh-danger, --heybagh-danger-ground, --heybagh-radius and --heybagh-font; and the parts
// base, query, dropzone, preview, ways, tray, sample, progress, status, answer, results, result, image, label, score,
// error, share, crop and advanced.

import type { Answer, EmbedOptions, HeyBagh, ImageSource, Info, Progress, SearchOptions } from './heybagh.js';

export class HeyBaghSearchElement extends HTMLElement {
  /** Address of the bundle's folder, relative to the document; required. */
  index: string | null;
  /** Address of the model; by default the one that the index names. */
  model: string | null;
  /** Address of a picture to search with, at once and whenever it changes. */
  src: string | null;
  /** Addresses of pictures to try, with spaces between them; read once, as the element comes into the document. */
  samples: string | null;
  /**
   * "lazy" (the default): engine and model are loaded when somebody is about to use the search, by pointer, keyboard,
   * drop or paste; "eager": at once. Read once, as `samples` is.
   */
  loading: string | null;
  /** Results, 1 to 16384; by default 4. */
  k: number | null;
  /** Lists to search, 1 to nlist; by default what the index recommends. */
  nprobe: number | null;
  /** At most so many threads, where the page may share memory between them; by default at most 4. */
  threads: number | null;
  /** Search all lists. */
  exact: boolean;
  /** Offer links to searches with pictures that have an address: this page's address, with ?q=. */
  share: boolean;
  /** Fetch the whole index in the background. */
  prefetch: boolean;
  /** No shadow root: the page's style sheets apply to the search's elements. Read once, as `samples` is. */
  light: boolean;

  /** Loads the engine, if it is not there. It fails with a HeyBaghError, as do all methods that return a promise. */
  load(): Promise<HeyBagh>;
  /**
   * Searches, and shows it. Options that are not given are those of the attributes, or what people have set; `partial`
   * is true.
   *
   * @returns null if a newer search has taken its place
   */
  search(image: ImageSource | Float32Array, options?: SearchOptions): Promise<Answer | null>;
  /** As `HeyBagh.embed`; shows nothing. */
  embed(image: ImageSource, options?: EmbedOptions): Promise<Float32Array>;
  /** As `HeyBagh.info`; null as long as the engine is not loaded. */
  info(): Info | null;
  /** Forgets photo and answer. */
  clear(): Promise<void>;
  /** Frees the engine, which other searches of the page may be using; the next search loads it again. */
  close(): void;
}

/** What the element tells; every event bubbles, and `detail` has what there is to know. */
export interface HeyBaghSearchEvents {
  /** The engine is loaded. */
  'heybagh-ready': CustomEvent<Info>;
  /** Loading goes on. */
  'heybagh-progress': CustomEvent<Progress>;
  /** An answer is shown; `photo` is what was searched with. */
  'heybagh-results': CustomEvent<Answer & { photo: ImageSource | Float32Array }>;
  /** An error is shown: `code` as a HeyBaghError has it, or "unknown"; `message` is the sentence that is shown. */
  'heybagh-error': CustomEvent<{ code: string; message: string }>;
}

declare global {
  interface HTMLElementTagNameMap {
    'heybagh-search': HeyBaghSearchElement;
  }
  interface HTMLElementEventMap extends HeyBaghSearchEvents {}
}

// What the parts of the element hand to each other. Types alone: no browser loads this file.

import type {
  Answer, EmbedOptions, ImageSource, Info, LoadOptions, Progress, Region, Result, SearchOptions,
} from '../shared/types.js';

export type Photo = ImageSource | Float32Array;

/** The texts in one language, and its numbers. */
export interface Translator {
  /** BCP 47. */
  lang: string;
  /** A text with its values filled in. */
  text(key: keyof typeof import('./strings.js').en, values?: Record<string, string | number>): string;
  /** The sentence for an error. */
  failure(error: { code: string; message: string }): string;
  integer(value: number): string;
  milliseconds(ms: number): string;
  /** Of so many bytes, without the unit. */
  megabytes(bytes: number): string;
  score(value: number): string;
}

/** What is used of HeyBagh (heybagh.js), which documents it. */
export interface Engine {
  readonly ready: Promise<void>;
  search(image: Photo, options?: SearchOptions): Promise<Answer>;
  embed(image: ImageSource, options?: EmbedOptions): Promise<Float32Array>;
  info(): Info;
  close(): void;
}

/** How to search, as whoever put the search into the page has chosen, or people have set. */
export interface Choices {
  k: number;
  nprobe: number | undefined;
  exact: boolean;
  labels: string[];
}

/** What people do, told to whoever decides. */
export interface Wishes {
  /** Search with a photo, or its address. */
  take(photo: Blob | string): void;
  /** Several photos at once. */
  takeAll(photos: File[]): void;
  /** Search with other settings. */
  again(): void;
  /** Search with a part of the photo, or the whole (null). */
  crop(region: Region | null): void;
  /** After an error. */
  retry(): void;
  share(): void;
}

export interface Look {
  /** How a result looks (tile.js); null: as usual. */
  template(): HTMLTemplateElement | null;
  /** Addresses of pictures to try. */
  samples: string[];
  /** There is a slot for the drop zone's text. */
  prompt: boolean;
}

/** The elements of a search. */
export type Parts = ReturnType<typeof import('./parts.js').makeParts>;

/** Makes the tile of a result, which is the i-th best. */
export type MakeTile = (result: Result, i: number) => HTMLElement;

/** What engines are made of; engines of the same options are shared. */
export type EngineOptions = Omit<LoadOptions, 'onProgress'>;

/** What is used of the class HeyBagh. */
export interface EngineClass {
  open(options: LoadOptions): Engine;
}

/** heybagh.js, which comes only when somebody is about to search. */
export type ImportHeyBagh = () => Promise<{ HeyBagh: EngineClass }>;

/** Where a search is: asked what is wanted there, and told what happens. */
export interface Place {
  importHeyBagh: ImportHeyBagh;
  engineOptions(): EngineOptions;
  choices(): Choices;
  /** Whether links to searches are offered. */
  canShare(): boolean;
  tell(name: 'ready' | 'progress' | 'results' | 'error', detail: object): void;
}

/** The attributes of `<heybagh-search>` as properties; element.js says what they mean. */
export interface Attributes {
  index: string | null;
  model: string | null;
  src: string | null;
  samples: string | null;
  loading: string | null;
  k: number | null;
  nprobe: number | null;
  threads: number | null;
  exact: boolean;
  share: boolean;
  prefetch: boolean;
  light: boolean;
}

/** A search of the page that takes photos which are dropped or pasted. */
export interface Taker {
  /** As the page sees it. */
  element: HTMLElement;
  /** Given all files, of whatever type, or an address. */
  take(photos: (File | string)[]): void;
  /** Given an address that was pasted somewhere else in the page: the visitor is asked whether to search with it. */
  offer(address: string): void;
  /** Shows that it will take what is being dragged. */
  mark(dragging: boolean): void;
}

/** An engine, and who uses it. */
export interface SharedEngine {
  /** It may still be loading. */
  engine: Engine;
  users: Set<object>;
  /** Told how far it is, until it is loaded. */
  listeners: Set<(progress: Progress) => void>;
  /** What they were told last. */
  last: Progress | null;
}

/** What a result's tile says. */
export interface TileTexts {
  rank: string;
  /** The label, or the file's name where there is none. */
  name: string;
  label: string;
  score: string;
  path: string;
}

/** What is searched with. */
export interface Query {
  photo: Photo;
  options?: SearchOptions | undefined;
  region?: Region | undefined;
}

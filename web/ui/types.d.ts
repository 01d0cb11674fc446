// The types of the element's modules. There is no code here, so no browser loads this file.

import type {
  Answer, EmbedOptions, ImageSource, Info, LoadOptions, Progress, Region, Result, SearchOptions,
} from '../shared/types.js';

export type Photo = ImageSource | Float32Array;

/** Texts and numbers in one language. */
export interface Translator {
  /** BCP 47. */
  lang: string;
  /** Returns a text with its values filled in. */
  text(key: keyof typeof import('./strings.js').en, values?: Record<string, string | number>): string;
  /** Returns the sentence for an error. */
  failure(error: { code: string; message: string }): string;
  integer(value: number): string;
  milliseconds(ms: number): string;
  /** Formats bytes as megabytes, without the unit. */
  megabytes(bytes: number): string;
  score(value: number): string;
}

/** The methods of HeyBagh that are used here; heybagh.js documents them. */
export interface Engine {
  readonly ready: Promise<void>;
  search(image: Photo, options?: SearchOptions): Promise<Answer>;
  embed(image: ImageSource, options?: EmbedOptions): Promise<Float32Array>;
  info(): Info;
  close(): void;
}

/** How to search, as the page's author or the visitor has chosen. */
export interface Choices {
  k: number;
  nprobe: number | undefined;
  exact: boolean;
  labels: string[];
  distinct: boolean;
}

/** What the visitor wants. */
export interface Wishes {
  /** Search with a photo, or its address. */
  take(photo: Blob | string): void;
  /** Search with several photos. */
  takeAll(photos: File[]): void;
  /** Search again, with other settings. */
  again(): void;
  /** Search with a part of the photo; null: the whole photo. */
  crop(region: Region | null): void;
  /** Try again after an error. */
  retry(): void;
  share(): void;
}

export interface Look {
  /** The page's own look of a result; null: the usual one. */
  template(): HTMLTemplateElement | null;
  /** Addresses of pictures to try. */
  samples: string[];
  /** Whether there is a slot for the drop zone's text. */
  prompt: boolean;
}

/** The elements of a search. */
export type Parts = ReturnType<typeof import('./parts.js').makeParts>;

/** Makes the tile of a result; i is its place, counted from 0. */
export type MakeTile = (result: Result, i: number) => HTMLElement;

/** The options of an engine; engines with equal options are shared. */
export type EngineOptions = Omit<LoadOptions, 'onProgress'>;

/** The static method of HeyBagh that is used here. */
export interface EngineClass {
  open(options: LoadOptions): Engine;
}

/** Loads heybagh.js, only when somebody is about to search. */
export type ImportHeyBagh = () => Promise<{ HeyBagh: EngineClass }>;

/** The surroundings of a search: they know the options and receive its events. */
export interface Place {
  importHeyBagh: ImportHeyBagh;
  engineOptions(): EngineOptions;
  choices(): Choices;
  /** Whether to offer links to searches. */
  canShare(): boolean;
  tell(name: 'ready' | 'progress' | 'results' | 'error', detail: object): void;
}

/** The attributes of `<heybagh-search>` as properties; element.d.ts documents them. */
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
  duplicates: boolean;
  share: boolean;
  prefetch: boolean;
  light: boolean;
}

/** A search that takes dropped and pasted photos. */
export interface Taker {
  /** The element in the page. */
  element: HTMLElement;
  /** Called with all files, of any type, or with an address. */
  take(photos: (File | string)[]): void;
  /** Called with an address that was pasted elsewhere in the page; offers to search with it. */
  offer(address: string): void;
  /** Highlights the drop zone, or not. */
  mark(dragging: boolean): void;
}

/** An engine and its users. */
export interface SharedEngine {
  /** It may still be loading. */
  engine: Engine;
  users: Set<object>;
  /** Called with its progress until it is loaded. */
  listeners: Set<(progress: Progress) => void>;
  /** The last progress. */
  last: Progress | null;
}

/** The texts of a result's tile. */
export interface TileTexts {
  rank: string;
  /** The label, or the file's name where there is none. */
  name: string;
  label: string;
  score: string;
  path: string;
  /** How many more equal files there are, '' for none. */
  copies: string;
}

/** A photo to search with, and how. */
export interface Query {
  photo: Photo;
  options?: SearchOptions | undefined;
  region?: Region | undefined;
}

// The shapes that cross floors: what callers of HeyBagh hand over and get, and what page and Worker send each other.
// Types alone: no browser loads this file.

/* ---- What callers hand over ---- */

/**
 * A picture file, its address (http:, data: or blob:), an `<img>` (fetched again from its currentSrc), or pixels. JPEG,
 * PNG, GIF, BMP and PNM are decoded by the engine, to the bits that index-builder has; WebP, AVIF and whatever else this
 * browser decodes, and JPEG and PNG above 25 megapixels, by the browser.
 */
export type ImageSource = File | Blob | string | URL | ImageData | HTMLImageElement;

/** A part of a picture, in fractions of it as it is shown: with its orientation applied. */
export interface Region {
  /** Of the upper left corner, 0 to 1. */
  x: number;
  y: number;
  /** Above 0; x + width is at most 1, and so is y + height. */
  width: number;
  height: number;
}

export interface LoadOptions {
  /** Address of the bundle's folder, relative to the document. */
  index: string | URL;
  /** Address of the model; by default the one that the index names. */
  model?: string | URL | undefined;
  /** Called about ten times a second. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Bytes that searched parts of the index may fill, 0 to 134217728; by default 32 MiB. */
  memory?: number | undefined;
  /** Fetch the whole index in the background, for later searches and visits; by default false. */
  prefetch?: boolean | undefined;
  /** Use this build of the engine; by default the fastest that runs. */
  simd?: Simd | undefined;
  /**
   * Compute with at most so many threads, where the page may share memory between them (it is cross-origin isolated) and
   * the model is an int8 one; by default as many as the processor has, at most 4.
   */
  threads?: number | undefined;
}

export interface EmbedOptions {
  /** Only this part of the picture, as if it were a picture of its own; at least 8 pixels wide and high. */
  region?: Region | undefined;
}

export interface SearchOptions extends EmbedOptions {
  /** How many results, 1 to 16384; by default 4. Fewer are found where the searched lists hold fewer. */
  k?: number | undefined;
  /** Lists to search, 1 to nlist; by default what the index recommends. */
  nprobe?: number | undefined;
  /** Search all lists; by default false. */
  exact?: boolean | undefined;
  /**
   * Only pictures with one of these labels; by default, and if empty, all. More lists than nprobe are searched if they
   * hold fewer than k such pictures.
   */
  labels?: string[] | undefined;
  /** Only results with at least this score, -1 to 1; by default all. */
  minScore?: number | undefined;
  /**
   * Without a network, answer with the lists that were kept from earlier searches, if there is one of those that are
   * wanted; by default false, and that fails as `download-failed`.
   */
  partial?: boolean | undefined;
  /**
   * Told what is found before all is searched, if the search must wait for parts of the index: first when the nearest
   * has come, then up to 20 times a second.
   */
  onResults?: ((answer: EarlyAnswer) => void) | undefined;
}

/* ---- What they get ---- */

export type Simd = 'simd' | 'relaxed-simd';

/** `cache`: all that has come so far was kept from an earlier visit. */
export type Source = 'network' | 'cache';

export interface Progress {
  phase: 'engine' | 'model' | 'index' | 'ready';
  /** Bytes; in the phase `engine`, whose files are small, parts. */
  loaded: number;
  /** Counted as `loaded` is; every phase ends with loaded = total. */
  total: number;
  /** Of the engine nobody can tell: the browser's own cache may have answered. */
  source: Source;
}

export interface Result {
  /** Of the picture in the index. */
  id: number;
  path: string;
  label: string;
  /** Cosine similarity, -1 to 1, larger is nearer. */
  score: number;
  /** 16 hex digits that begin the SHA-256 of the picture's file. */
  content: string;
  /** Absolute URL of the picture. */
  url: string;
  /** Absolute URL of its thumbnail, or of the picture if the index has no thumbnails. */
  thumb: string;
}

/** Milliseconds. */
export interface Timings {
  decode: number;
  preprocess: number;
  network: number;
  head: number;
  /** The download of a picture given by its URL, and the wait for parts of the index. */
  fetch: number;
  scan: number;
  /** All that the caller waited, with the requests before this one. */
  total: number;
}

export interface Answer {
  /** Best first; at most k. */
  results: Result[];
  /** Lists that were searched. */
  nprobe: number;
  /** Lists that should have been; more than `nprobe` only if the search was allowed to be `partial`. */
  planned: number;
  /** Pictures that were compared. */
  scanned: number;
  timings: Timings;
  /**
   * Bytes of the index that this search has fetched over the network; what another search or the prefetch was fetching
   * already is theirs.
   */
  bytes: number;
  /** Requests that it made for them. */
  requests: number;
}

/** What is known while parts of the index are still on their way. */
export interface EarlyAnswer {
  /** Best first; later ones may be better. */
  results: Result[];
  /** Lists that have been searched. */
  nprobe: number;
  /** Lists that will be. */
  planned: number;
  /** Pictures that have been compared. */
  scanned: number;
  complete: false;
}

/** What the engine holds, and what of the index it has fetched. */
export interface Usage {
  /** Bytes of the engine's memory. */
  heapBytes: number;
  /** That share the work on a picture. */
  threads: number;
  /** What it holds of the lists. */
  shards: { bytes: number; files: number };
  /** What of head, centroids and lists came over the network. */
  network: Traffic;
  /** What of them was kept from an earlier visit. */
  cached: { bytes: number; files: number };
}

export interface Info extends Usage {
  /** File of the engine's build. */
  build: string;
  simd: Simd;
  /** Of the model; '' for an index of ready-made vectors. */
  precision: 'f32' | 'f16' | 'i8' | '';
  /** '' for an index of ready-made vectors. */
  modelId: string;
  /** Such as "svd"; 'none' for an index of ready-made vectors. */
  head: string;
  /** How rows are stored: "f32", "f16" or "i8". */
  storage: string;
  /** Numbers in an embedding. */
  dim: number;
  /** Pictures in the index. */
  count: number;
  /** Lists in the index. */
  nlist: number;
  /** Lists that are searched by default. */
  nprobe: number;
  labels: string[];
}

/* ---- What page and Worker send each other ---- */

/** What came over the network, broken downloads with it. */
export interface Traffic {
  bytes: number;
  requests: number;
}

/** RGBA, 8 bits a channel. */
export interface Pixels {
  pixels: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
}

/** A file that the Worker decodes: with the browser's decoder, or with the engine's. */
export interface PictureFile {
  bytes: Uint8Array<ArrayBuffer>;
  byBrowser: boolean;
}

export type Picture = Pixels | PictureFile;

/** A compiled engine, ready to be started in any thread. */
export interface Build {
  simd: Simd;
  file: string;
  /** Threads that it is for. */
  members: number;
  module: WebAssembly.Module;
}

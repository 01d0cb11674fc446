// The public types of HeyBagh, and those that page and Worker share. There is no code here, so no browser loads this file.

/* ---- Input ---- */

/**
 * A picture file, its address (http:, data: or blob:), an `<img>` (its currentSrc is fetched again), or pixels. The engine
 * decodes JPEG, PNG, GIF, BMP and PNM, to the same pixels as index-builder. The browser decodes the other formats that it
 * knows, such as WebP, AVIF and SVG, and JPEG and PNG above 25 megapixels.
 */
export type ImageSource = File | Blob | string | URL | ImageData | HTMLImageElement;

/** A part of a picture, in fractions of its width and height, after its EXIF orientation is applied. */
export interface Region {
  /** The upper left corner, 0 to 1. */
  x: number;
  y: number;
  /** Greater than 0; x + width and y + height are at most 1. */
  width: number;
  height: number;
}

export interface LoadOptions {
  /** Address of the bundle's folder, relative to the document. */
  index: string | URL;
  /** Address of the model; default: the one that the index names. */
  model?: string | URL | undefined;
  /** Called about ten times a second. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Bytes of memory for the lists that were searched, 0 to 134217728; default: 32 MiB. */
  memory?: number | undefined;
  /** Fetch the whole index in the background, for later searches and visits; default: false. */
  prefetch?: boolean | undefined;
  /** Use this build of the engine; default: the fastest that this browser can run. */
  simd?: Simd | undefined;
  /**
   * The largest number of threads to use; default: the number of processors, at most 4. There is only one thread unless
   * the page is cross-origin isolated and the model is an int8 model.
   */
  threads?: number | undefined;
}

export interface EmbedOptions {
  /** Use only this part of the picture, at least 8 pixels wide and high, as if it were a whole picture. */
  region?: Region | undefined;
}

export interface SearchOptions extends EmbedOptions {
  /** Number of results, 1 to 16384; default: 4. There are fewer if the searched lists hold fewer pictures. */
  k?: number | undefined;
  /** Number of lists to search, 1 to nlist; default: what the index recommends. */
  nprobe?: number | undefined;
  /** Search all lists; default: false. */
  exact?: boolean | undefined;
  /**
   * Find only pictures with one of these labels; default, and if empty: all pictures. If the nprobe lists hold fewer than
   * k such pictures, more lists are searched.
   */
  labels?: string[] | undefined;
  /** Find only results with at least this score, -1 to 1; default: all. */
  minScore?: number | undefined;
  /**
   * Find equal files only once, and say in `copies` how many more there are. Files are equal if they have the same bytes.
   * If the nprobe lists hold fewer than k different files, more lists are searched. Default: false; in the element, true.
   */
  distinct?: boolean | undefined;
  /**
   * Without a network, search only the lists that are saved from earlier searches, if at least one of those that are
   * needed is. Default: false, and the search fails with `download-failed`.
   */
  partial?: boolean | undefined;
  /**
   * Called with the results so far while the search waits for lists: first when the nearest list has arrived, then at most
   * 20 times a second.
   */
  onResults?: ((answer: EarlyAnswer) => void) | undefined;
}

/* ---- Output ---- */

export type Simd = 'simd' | 'relaxed-simd';

/** `cache`: everything so far was saved on an earlier visit. */
export type Source = 'network' | 'cache';

export interface Progress {
  phase: 'engine' | 'model' | 'index' | 'ready';
  /** Bytes; in the phase `engine`, whose files are small, the number of steps. */
  loaded: number;
  /** In the unit of `loaded`; each phase ends with loaded = total. */
  total: number;
  /** In the phase `engine` always `network`, though the browser's HTTP cache may have answered. */
  source: Source;
}

export interface Result {
  /** The picture's number in the index. */
  id: number;
  path: string;
  /** '' if the picture has none. */
  label: string;
  /** Cosine similarity, -1 to 1; larger is more similar. */
  score: number;
  /** The first 16 hex digits of the SHA-256 of the picture's file. */
  content: string;
  /** How many more files in the index are equal to this one; only with `distinct`. */
  copies?: number;
  /** Absolute URL of the picture. */
  url: string;
  /** Absolute URL of the thumbnail, or of the picture if the index has no thumbnails. */
  thumb: string;
}

/** Milliseconds. */
export interface Timings {
  decode: number;
  preprocess: number;
  network: number;
  head: number;
  /** Time to download the picture, if it was given as a URL, and to wait for lists. */
  fetch: number;
  scan: number;
  /** The caller's whole wait, including earlier calls that were still running. */
  total: number;
}

export interface Answer {
  /** Best first; at most k. */
  results: Result[];
  /** Number of lists searched. */
  nprobe: number;
  /** Number of lists that should have been searched; larger than `nprobe` only for a `partial` search. */
  planned: number;
  /** Number of pictures compared. */
  scanned: number;
  timings: Timings;
  /** Bytes of the index that this search downloaded; what another search or the prefetch was downloading is not counted. */
  bytes: number;
  /** Number of requests for them. */
  requests: number;
}

/** The results so far, while lists are still being downloaded. */
export interface EarlyAnswer {
  /** Best first; there may be better ones to come. */
  results: Result[];
  /** Number of lists searched so far. */
  nprobe: number;
  /** Number of lists that will be searched. */
  planned: number;
  /** Number of pictures compared so far. */
  scanned: number;
  complete: false;
}

/** The engine's memory, and its downloads of the index. */
export interface Usage {
  /** The engine's memory, in bytes. */
  heapBytes: number;
  /** Number of threads that share the work on a picture. */
  threads: number;
  /** Lists in memory. */
  shards: { bytes: number; files: number };
  /** Downloads of head, centroids and lists. */
  network: Traffic;
  /** Files of the index that were saved on an earlier visit. */
  cached: { bytes: number; files: number };
}

export interface Info extends Usage {
  /** File name of the engine's wasm. */
  build: string;
  simd: Simd;
  /** The model's numbers; '' for an index of ready-made vectors. */
  precision: 'f32' | 'f16' | 'i8' | '';
  /** 64 hex digits; '' for an index of ready-made vectors. */
  modelId: string;
  /** How the model looks at pictures: at their centre, at all of them, or both. */
  view: 'crop' | 'whole' | 'both';
  /** "discriminant", "lda", "pca", "svd", "exact", "logits" or "file"; "none" for an index of ready-made vectors. */
  head: string;
  /** Row encoding: "f32", "f16" or "i8". */
  storage: string;
  /** Number of dimensions of an embedding. */
  dim: number;
  /** Number of pictures in the index. */
  count: number;
  /** Number of lists in the index. */
  nlist: number;
  /** Number of lists that a search takes by default. */
  nprobe: number;
  labels: string[];
  about: About;
}

/** What index.json says of the pictures; '' for what it does not say. */
export interface About {
  /** What the collection is called. */
  title: string;
  /** A sentence about it. */
  description: string;
  /** Whose pictures they are. */
  credit: string;
  /** Where the credit leads to. */
  creditUrl: string;
  /** Their licence, an SPDX identifier such as "CC-BY-4.0". */
  licence: string;
}

/* ---- Messages between page and Worker ---- */

/** Downloads, including those that broke off. */
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

/** A file that the Worker decodes, with the browser's decoder or with the engine's. */
export interface PictureFile {
  bytes: Uint8Array<ArrayBuffer>;
  byBrowser: boolean;
}

export type Picture = Pixels | PictureFile;

/** A compiled engine, which any thread can start. */
export interface Build {
  simd: Simd;
  file: string;
  /** Number of threads that it is for. */
  members: number;
  module: WebAssembly.Module;
}

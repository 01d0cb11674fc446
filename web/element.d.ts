import type { Answer, HeyBagh, ImageSource, Progress } from './heybagh.js';

type SearchOptions = Parameters<HeyBagh['search']>[1];

/** `<heybagh-search>`; element.js says what its attributes, of which these are the properties, mean. */
export class HeyBaghSearchElement extends HTMLElement {
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

  load(): Promise<HeyBagh>;
  /** Searches, and shows it; null if a newer search has taken its place. */
  search(image: ImageSource | Float32Array, options?: SearchOptions): Promise<Answer | null>;
  embed(image: ImageSource): Promise<Float32Array>;
  /** Null as long as the engine is not loaded. */
  info(): ReturnType<HeyBagh['info']> | null;
  clear(): Promise<void>;
  close(): void;
}

/** Each bubbles from the element. */
export interface HeyBaghSearchEvents {
  'heybagh-ready': CustomEvent<ReturnType<HeyBagh['info']>>;
  'heybagh-progress': CustomEvent<Progress>;
  'heybagh-results': CustomEvent<Answer & { photo: ImageSource | Float32Array }>;
  'heybagh-error': CustomEvent<{ code: string; message: string }>;
}

declare global {
  interface HTMLElementTagNameMap {
    'heybagh-search': HeyBaghSearchElement;
  }
  interface HTMLElementEventMap extends HeyBaghSearchEvents {}
}

// HeyBagh as a page uses it. The index has the identity for a head, so that an embedding is the network's features.

import { HeyBagh } from '/web/heybagh.js';

export class HeyBaghContender {
  #engine;

  async load({ index, simd, threads }) {
    this.#engine = await HeyBagh.load({ index, simd, threads });
    await this.#waitForThreads(threads);
    return { threads: this.#engine.info().threads };
  }

  /** They come by themselves; the engine tells with its answers. */
  async #waitForThreads(threads) {
    for (let i = 0; i < 100 && this.#engine.info().threads < threads; i++) await this.#engine.embed(new ImageData(1, 1));
  }

  async features({ file }) {
    return Array.from(await this.#engine.embed(await blobOf(file)));
  }

  /** `whole` is from the picture's file to its embedding. */
  async run({ file }, runs) {
    const blob = await blobOf(file);
    const times = { network: [], whole: [] };
    for (let i = 0; i < runs; i++) {
      const { timings: { decode, preprocess, network, head } } = await this.#engine.search(blob, { k: 1 });
      times.network.push(network);
      times.whole.push(decode + preprocess + network + head);
    }
    return times;
  }
}

const blobs = new Map();

async function blobOf(url) {
  if (!blobs.has(url)) blobs.set(url, await (await fetch(url)).blob());
  return blobs.get(url);
}

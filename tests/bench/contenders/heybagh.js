// HeyBagh as a page uses it. The index has the identity for a head, so that an embedding is the network's features.

import { HeyBagh } from '/web/heybagh.js';

export class HeyBaghContender {
  #engine;

  async load({ index, simd, threads }) {
    this.#engine = await HeyBagh.load({ index, simd, threads });
    return { threads: this.#engine.info().threads };
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

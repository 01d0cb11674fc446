// The page that holds all contenders, each in a Worker of its own. The driver calls `bench` through Playwright.
// A contender loads, tells the features of a picture, and runs the network some times over.

import { HeyBaghContender } from './heybagh.js';
import { PeerContender } from './peer.js';

const contenders = new Map();

window.bench = {
  /** @returns {Promise<object>} what the contender says of itself: `threads` */
  async load(name, { library, ...options }) {
    const contender = library === 'heybagh' ? new HeyBaghContender() : new PeerContender(library);
    const facts = await contender.load(options);
    contenders.set(name, contender);
    return facts;
  },
  /** @returns {Promise<number[]>} */
  features: (name, picture) => contenders.get(name).features(picture),
  /** @returns {Promise<Record<string, number[]>>} milliseconds of each run, by what was timed */
  run: (name, picture, runs) => contenders.get(name).run(picture, runs),
};

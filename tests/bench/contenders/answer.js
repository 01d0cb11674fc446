// What the peers' Workers have in common: orders come one at a time, and each is answered.

/**
 * @param {object} library
 * @param {(options: object) => Promise<object>} library.load tells facts: `threads`
 * @param {(tensor: Float32Array) => Promise<() => Promise<Float32Array>>} library.prepare makes a function that runs
 *   the network on a picture, [224][224][3], and brings its features
 */
export function answerOrders({ load, prepare }) {
  const prepared = new Map();
  const runOf = async url => {
    if (!prepared.has(url)) {
      prepared.set(url, await prepare(new Float32Array(await (await fetch(url)).arrayBuffer())));
    }
    return prepared.get(url);
  };
  const verbs = {
    load,
    features: async url => Array.from(await (await runOf(url))()),
    async run(url, runs) {
      const run = await runOf(url);
      const network = [];
      for (let i = 0; i < runs; i++) {
        const start = performance.now();
        await run();
        network.push(performance.now() - start);
      }
      return { network };
    },
  };
  self.onmessage = async ({ data: { verb, args } }) => {
    try {
      self.postMessage({ value: await verbs[verb](...args) });
    } catch (error) {
      self.postMessage({ error: String(error?.stack ?? error?.message ?? error) });
    }
  };
}

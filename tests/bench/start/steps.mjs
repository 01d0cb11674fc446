// Where the time of a visit goes: steps that follow one another.

/**
 * @param {import('./visit.mjs').Visit} visit
 * @returns {Record<string, number>} ms; they add up to the time of the answer
 */
export function stepsOf({ seen, requests }) {
  const of = pattern => requests.filter(({ name }) => pattern.test(name));
  const first = of(/\.wasm$|\/index\.json$/);
  const [manifest] = of(/\/index\.json$/);
  const model = of(/\.safetensors$/);
  const needed = of(/\/(head|centroids|table)-[^/]*$/);
  const begun = Math.min(...first.map(({ start }) => start));
  const asked = model[0]?.start ?? manifest.end; // it is not asked for what was kept from an earlier visit
  const downloaded = Math.max(...[...first, ...model, ...needed].map(({ end }) => end));
  return {
    scripts: begun,
    'index.json': asked - begun,
    'engine, model, index': downloaded - asked,
    'engine starts': seen.ready - downloaded,
    search: seen.answer - seen.ready,
  };
}

// Where the time of a visit goes: steps that follow one another.

const last = times => Math.max(...times);

/**
 * @param {import('./visit.mjs').Visit} visit
 * @returns {Record<string, number>} ms; they add up to the time of the answer
 */
export function stepsOf({ seen, requests }) {
  const of = pattern => requests.filter(({ name }) => pattern.test(name));
  const [wasm] = of(/\.wasm$/);
  const [model] = of(/\.safetensors$/);
  const needed = of(/\/(head|centroids|table)-[^/]*$/);
  const downloaded = last([model, ...needed].filter(Boolean).map(({ end }) => end));
  const asked = model?.start ?? wasm.start;
  return {
    scripts: wasm.start,
    'engine and index.json': asked - wasm.start,
    'model and index': downloaded - asked,
    'engine starts': seen.ready - downloaded,
    search: seen.answer - seen.ready,
  };
}

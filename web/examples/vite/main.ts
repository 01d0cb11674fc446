// Both ways to use the package: the element, and the engine by itself for what the element has found.

import { HeyBagh, HeyBaghError } from 'heybagh';
import 'heybagh/element';

const search = document.querySelector('heybagh-search')!;
const output = document.querySelector('pre')!;

search.addEventListener('heybagh-results', async ({ detail }) => {
  const nearest = detail.results[1];
  if (nearest) output.textContent = await describe(nearest.url).catch(explain);
});

/** The labels of the pictures that are nearest to one. */
async function describe(address: string): Promise<string> {
  const engine: HeyBagh = await HeyBagh.load({ index: search.index!, threads: 1 });
  const { results, timings } = await engine.search(address, { k: 3, exact: true });
  engine.close();
  const lines = results.map(({ label, score }) => `${label} ${score.toFixed(3)}`);
  return [...lines, `${timings.total.toFixed(0)} ms`].join('\n');
}

function explain(error: unknown): string {
  return error instanceof HeyBaghError ? `${error.code}: ${error.message}` : String(error);
}

// Figures of samples.

const sorted = values => [...values].sort((a, b) => a - b);

export const minimum = values => Math.min(...values);

export function median(values) {
  const [half, ordered] = [values.length >> 1, sorted(values)];
  return values.length % 2 ? ordered[half] : (ordered[half - 1] + ordered[half]) / 2;
}

/** Of vectors of any length. */
export function cosine(a, b) {
  const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** @param {number[][]} rounds */
export function summary(rounds) {
  const values = rounds.flat();
  return { samples: values.length, median: median(values), minimum: minimum(values), rounds };
}

/**
 * How many times as long one takes as another that had its turn in the same rounds: what slowed the machine down for a
 * while slowed both.
 *
 * @param {number[][]} rounds
 * @param {number[][]} others
 */
export const ratio = (rounds, others) => median(rounds.map((times, i) => median(times) / median(others[i])));

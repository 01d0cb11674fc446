// Results as JSON, as a table for the README and as bars.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { drawBars } from './bars.mjs';
import { OUT, ROOT } from './inputs.mjs';

/** A table in Markdown. */
export function table(head, rows) {
  const line = cells => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

export const number = (value, digits = 1) =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** "machine, date; versions" */
export function conditions({ machine, date, versions }) {
  return `${machine}; ${date}; ${Object.entries(versions).map(pair => pair.join(' ')).join(', ')}.`;
}

/**
 * Writes build/bench/NAME.json and NAME.svg.
 *
 * @param {string} name
 * @param {object} result
 * @param {Parameters<typeof drawBars>[0]} bars
 * @param {boolean} check that all works: the figures mean nothing, and go into a folder of their own
 */
export function save(name, result, bars, check) {
  const folder = check ? join(OUT, 'check') : OUT;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result)}\n`);
  writeFileSync(join(folder, `${name}.svg`), drawBars(bars));
  console.log(`\nwritten: ${relative(ROOT, join(folder, name))}.json and .svg`);
}

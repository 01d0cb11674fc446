// Results as JSON, as a table for the README and as bars.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawBars } from './bars.mjs';
import { OUT } from './inputs.mjs';

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
 */
export function save(name, result, bars) {
  mkdirSync(OUT, { recursive: true });
  writeFileSync(join(OUT, `${name}.json`), `${JSON.stringify(result, null, 1)}\n`);
  writeFileSync(join(OUT, `${name}.svg`), drawBars(bars));
  console.log(`\n${join('build/bench', name)}.json, ${join('build/bench', name)}.svg`);
}

// The command line of the benchmarks that Node runs.

import { parseArgs } from 'node:util';

/**
 * @param {string} usage shown when an option is not known
 * @param {Record<string, string>} defaults options that take a value
 * @returns {Record<string, string> & {check: boolean, rest: string[]}} `check`: few samples, to see if all works
 */
export function readArguments(usage, defaults = {}) {
  const strings = Object.fromEntries(Object.keys(defaults).map(name => [name, { type: 'string' }]));
  try {
    const { values, positionals } = parseArgs({
      options: { check: { type: 'boolean', default: false }, ...strings }, allowPositionals: true,
    });
    return { ...defaults, ...values, rest: positionals };
  } catch (error) {
    console.error(`${error.message}\nusage: ${usage}`);
    process.exit(2);
  }
}

// The documents that promise something name the test that holds it: it exists, and each promise has one.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, ROOT } from './support.js';

const HERE = join(ROOT, 'tests/web');
const SOURCES = ['unit', 'cli', 'fuzz', 'corpus'].flatMap(folder => readdirSync(join(ROOT, 'tests', folder))
  .map(name => join(ROOT, 'tests', folder, name)));

/** All tests, as "file › title". */
function allTests() {
  const playwright = join(HERE, 'node_modules/.bin/playwright');
  const { suites } = JSON.parse(execFileSync(playwright, ['test', '--list', '--reporter=json'], {
    cwd: HERE, encoding: 'utf8', maxBuffer: 2 ** 26, env: { ...process.env, HEYBAGH_LONG: '1' },
  }));
  const titles = ({ file, specs = [], suites: inner = [] }) =>
    [...specs.map(({ title }) => `${file} › ${title}`), ...inner.flatMap(titles)];
  return new Set(suites.flatMap(titles));
}

/** Whether a test that is none of Playwright's is there: its title is text of the file, or the name of a function. */
function isElsewhere(named) {
  const [file, title] = named.split(' › ');
  const [path] = SOURCES.filter(name => name.endsWith(`/${file}`));
  return path !== undefined && !file.endsWith('.spec.js')
    && readFileSync(path, 'utf8').replaceAll('_', ' ').includes(title);
}

/** The rows of all tables of a document, as lists of cells. */
const rows = name => readFileSync(join(ROOT, 'docs', name), 'utf8').split('\n')
  .filter(line => line.startsWith('| ') && !line.includes('---')).map(line => line.slice(2, -2).split(' | '));

test('every test that docs/faults.md and docs/security.md name is there, and every row names one', { tag: '@quick' }, () => {
  const tests = allTests();
  expect(tests.size).toBeGreaterThan(200);
  for (const name of ['faults.md', 'security.md']) {
    const named = rows(name).filter(([first]) => !['fault', 'who', 'what'].includes(first));
    expect(named.length).toBeGreaterThan(10);
    for (const cells of named) {
      const last = cells.at(-1).split('<br>').map(text => text.trim());
      expect(last.filter(text => !tests.has(text) && !isElsewhere(text)), `${name}: ${cells[0]}`).toEqual([]);
    }
  }
});

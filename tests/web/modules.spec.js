// The browser asks for all modules at once: index.html names those of the page, worker.js those of the Worker.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, ROOT } from './support.js';

const read = name => readFileSync(join(ROOT, 'web', name), 'utf8');

/** The modules that one imports itself. */
function importsOf(name) {
  return [...read(name).matchAll(/^import (?:[^;']* from )?'\.\/([\w-]+\.js)';/gm)].map(([, file]) => file);
}

/** All that a module needs, without itself. */
function graphOf(name) {
  const found = new Set([name]);
  for (const module of found) for (const imported of importsOf(module)) found.add(imported);
  found.delete(name);
  return [...found].sort();
}

test('a form of import that would be overlooked is not used', () => {
  for (const name of ['page.js', 'worker.js'].flatMap(root => [root, ...graphOf(root)])) {
    const code = read(name).replace(/\/\*[^]*?\*\/|\/\/.*/g, '');
    expect(code.match(/\bimport\b(?!\.meta)/g) ?? [], name).toHaveLength(importsOf(name).length);
    expect(code, name).not.toMatch(/\bexport\b[^;(=]*\bfrom '/);
  }
});

test('index.html names all modules of the page, and no others', () => {
  const named = [...read('index.html').matchAll(/<link rel="modulepreload" href="([^"]+)">/g)].map(([, file]) => file);
  expect(graphOf('page.js').length).toBeGreaterThan(10);
  expect(named.sort()).toEqual(graphOf('page.js'));
});

test('worker.js imports all modules of the Worker itself', () => {
  expect(graphOf('worker.js').length).toBeGreaterThan(10);
  expect(importsOf('worker.js').sort()).toEqual(graphOf('worker.js'));
});

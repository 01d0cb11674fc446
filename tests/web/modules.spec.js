// The browser asks for all modules at once: index.html names those of the page, worker.js those of the Worker.

import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect, test, ROOT } from './support.js';

const read = name => readFileSync(join(ROOT, 'web', name), 'utf8');
const code = name => read(name).replace(/\/\*[^]*?\*\/|^ *\/\/.*|(?<=[;{}]) \/\/.*/gm, ''); // without comments

/** Modules that one imports, as paths from web/ on: those it needs at once, and those it may come to need. */
function importsOf(name) {
  const paths = pattern => [...code(name).matchAll(pattern)]
    .map(([, path]) => posix.normalize(posix.join(posix.dirname(name), path)));
  return {
    needed: paths(/^import (?:[^;']* from )?'(\.[\w./-]+\.js)';/gm),
    later: paths(/\bimport\('(\.[\w./-]+\.js)'\)/g),
  };
}

/** What a page comes to need only where it cannot start a Worker. */
const INSTEAD_OF_WORKER = 'engine/engine-service.js';

/** All that a module needs, without itself. */
function graphOf(name, withLater = false) {
  const found = new Set([name]);
  for (const module of found) {
    const { needed, later } = importsOf(module);
    const soon = later.filter(imported => imported !== INSTEAD_OF_WORKER);
    for (const imported of withLater ? [...needed, ...soon] : needed) found.add(imported);
  }
  found.delete(name);
  return [...found].sort();
}

test('a form of import that would be overlooked is not used', () => {
  for (const name of ['page.js', 'worker.js'].flatMap(root => [root, ...graphOf(root, true)])) {
    const languages = code(name).match(/import\(`/g) ?? []; // by name, one of several
    const { needed, later } = importsOf(name);
    expect(code(name).match(/\bimport\b(?!\.meta| \$\{)/g) ?? [], name).toHaveLength(needed.length + later.length + languages.length);
    expect(code(name), name).not.toMatch(/\bexport\b[^;(=]*\bfrom '/);
  }
});

test('index.html names all modules of the page, and no others', () => {
  const named = [...read('index.html').matchAll(/<link rel="modulepreload" href="([^"]+)">/g)].map(([, file]) => file);
  expect(graphOf('page.js').length).toBeGreaterThan(10);
  expect(named.sort()).toEqual(graphOf('page.js', true));
});

test('worker.js imports all modules of the Worker itself', () => {
  expect(graphOf('worker.js').length).toBeGreaterThan(10);
  expect(importsOf('worker.js').needed.sort()).toEqual(graphOf('worker.js'));
});

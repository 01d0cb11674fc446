// The npm package: what is in it, what its declarations say, and a project of Vite that installs it.

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '../bench/server.mjs';
import { chooser, expect, openBlank, picture, shownPaths, test, ROOT, SITE } from './support.js';

const VITE = join(ROOT, 'web/examples/vite');
const INSTALLED = join(VITE, 'node_modules/heybagh');
const TSC = join(ROOT, 'tests/web/node_modules/.bin/tsc');
const CAMERA = 'camera/image_0003.jpg';

const run = (command, args, cwd = VITE) => execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe' });

let archive;

test.beforeAll(() => {
  archive = run(join(ROOT, 'scripts/package.sh'), []).trim().split('\n').at(-1);
  run('npm', ['install', '--no-save', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', archive]);
});

test('the package holds engine, element, declarations and licences, and nothing of the demo page', () => {
  const files = run('tar', ['tzf', archive]).trim().split('\n').map(name => name.replace(/^package\//, '')).sort();
  const scripts = readdirSync(join(ROOT, 'web'), { recursive: true })
    .filter(name => /^((engine|lang|page|shared|ui)\/)?[\w-]+\.js$/.test(name) && !['page.js', 'sw.js'].includes(name));
  const engines = readdirSync(SITE).filter(name => name.endsWith('.wasm'));
  const others = ['LICENSE', 'NOTICE', 'README.md', 'licenses.txt', 'package.json', 'sbom.cdx.json',
    'element.d.ts', 'heybagh.d.ts', 'shared/errors.d.ts', 'shared/types.d.ts'];
  expect(engines).toHaveLength(4);
  expect(files).toEqual([...scripts, ...engines, ...others].sort());
});

test('its version is that of the project', () => {
  const version = readFileSync(join(ROOT, 'VERSION'), 'utf8').trim();
  expect(JSON.parse(readFileSync(join(INSTALLED, 'package.json'), 'utf8')).version).toBe(version);
});

test('its bill of materials has the engine, and neither model nor index', () => {
  const { components } = JSON.parse(readFileSync(join(INSTALLED, 'sbom.cdx.json'), 'utf8'));
  const made = components.filter(({ type }) => type !== 'library').map(({ name }) => name);
  expect(made.sort()).toEqual(readdirSync(INSTALLED).filter(name => name.endsWith('.wasm')).sort());
});

/* ---- Declarations ---- */

/** What TypeScript's checker says to a file beside the project's; nothing if all is well. */
function check(file) {
  const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler',
    '--lib', 'es2023,dom,dom.iterable'];
  try {
    return run(TSC, [...options, file]);
  } catch (error) {
    return error.stdout;
  }
}

const HEAD = `
import { HeyBagh, HeyBaghError } from 'heybagh';
import type { Answer, EmbedOptions, Info, LoadOptions, Progress, Region, Result, SearchOptions } from 'heybagh';
import { HeyBaghSearchElement } from 'heybagh/element';
declare const engine: HeyBagh, search: HeyBaghSearchElement, photo: File;
`.trim();

/** What TypeScript says to these statements. */
function checkStatements(statements) {
  const file = join(VITE, 'node_modules', 'statements.ts');
  writeFileSync(file, `${HEAD}\n${statements.join(';\n')};\n`);
  return check(file);
}

test('a program that uses the package as documented compiles', () => {
  expect(check('main.ts')).toBe('');
});

// Every option and every event once, so that none is forgotten in the declarations.
const RIGHT = [
  'const region: Region = { x: 0, y: 0.5, width: 1, height: 0.5 }',
  'const loading: Required<LoadOptions> = { index: "bundle/", model: "m", memory: 0, prefetch: true, simd: "simd", threads: 2,'
    + ' onProgress: ({ phase, loaded, total, source }) => `${phase} ${loaded / total} ${source}` }',
  'const searching: Required<SearchOptions> = { k: 4, nprobe: 2, exact: false, labels: ["camera"], region, minScore: 0.5,'
    + ' distinct: true, partial: true, onResults: ({ results, nprobe, planned, scanned, complete }) => complete || nprobe + planned + scanned + results.length }',
  'const embedding: Required<EmbedOptions> = { region }',
  'const loaded: Promise<HeyBagh> = HeyBagh.load(loading)',
  'const answer: Promise<Answer> = engine.search(photo, searching)',
  'const shown: Promise<Answer | null> = search.search(new Float32Array(256), searching)',
  'const vectors: Promise<Float32Array[]> = Promise.all([engine.embed("a.jpg", embedding), search.embed(photo, embedding)])',
  'const known: (Info | null)[] = [engine.info(), search.info()]',
  'search.addEventListener("heybagh-ready", ({ detail }) => detail.count.toFixed())',
  'search.addEventListener("heybagh-progress", ({ detail }: CustomEvent<Progress>) => detail.phase)',
  'search.addEventListener("heybagh-results", ({ detail }) => detail.results.map((result: Result) => result.url + (result.copies ?? 0) + String(detail.photo)))',
  'search.addEventListener("heybagh-error", ({ detail }) => detail.code + detail.message)',
  'document.querySelector("heybagh-search")?.load().then(({ ready }) => ready)',
  'engine.ready.catch((error: unknown) => error instanceof HeyBaghError && error.code)',
];

test('all options, answers and events are declared', () => {
  expect(checkStatements(RIGHT)).toBe('');
});

const WRONG = {
  'an engine without an index': 'HeyBagh.load({})',
  'an engine without an index, opened': 'HeyBagh.open({})',
  'an engine made by hand': 'new HeyBagh()',
  'an option that does not exist': 'engine.search("a.jpg", { count: 4 })',
  'a number as a picture': 'engine.embed(4)',
  'a field that no result has': 'engine.search("a.jpg").then(({ results }) => results[0]!.name)',
  'an option that the element\'s search does not have': 'search.search("a.jpg", { count: 4 })',
  'an option of search for embed': 'search.embed("a.jpg", { k: 4 })',
  'half a region': 'search.embed("a.jpg", { region: { x: 0, y: 0 } })',
  'a property of the wrong type': 'search.k = "4"',
  'an event\'s detail of another': 'search.addEventListener("heybagh-error", ({ detail }) => detail.results)',
};

test('a program that uses it wrongly does not', () => {
  const wrong = Object.values(WRONG);
  const first = HEAD.split('\n').length + 1;
  const told = new Set([...checkStatements(wrong).matchAll(/statements\.ts\((\d+),/g)].map(([, line]) => Number(line)));
  expect(told).toEqual(new Set(wrong.map((_, i) => i + first)));
});

test('element.d.ts declares the properties and methods that the element has', async ({ page }) => {
  const declarations = readFileSync(join(INSTALLED, 'element.d.ts'), 'utf8');
  const [, body] = /class HeyBaghSearchElement[^{]*\{([^]*?)\n\}/.exec(declarations);
  const declared = [...body.matchAll(/^ {2}(\w+)[:(]/gm)].map(([, name]) => name);
  await openBlank(page);
  const there = await page.evaluate(async () => {
    const { HeyBaghSearchElement } = await import('/element.js');
    return Object.getOwnPropertyNames(HeyBaghSearchElement.prototype).filter(name => !/constructor|Callback$/.test(name));
  });
  expect(declared.sort()).toEqual(there.sort());
});

/* ---- Vite ---- */

test('what Vite builds of it searches with a Worker, below any path', async ({ page, problems }) => {
  run('npm', ['run', 'build']);
  const base = '/some/path/';
  const server = await serve([['/favicon.ico', join(SITE, 'favicon.svg')], [base, `${SITE}/`],
    [`${base}index.html`, join(VITE, 'dist/index.html')], [`${base}assets/`, `${join(VITE, 'dist/assets')}/`]]);
  problems.allow(new RegExp(`request: GET ${server.address}`));
  await page.goto(`${server.address.slice(0, -1)}${base}index.html`);
  await chooser(page).setInputFiles(picture(CAMERA));
  const [, second] = await shownPaths(page);
  await expect(page.locator('pre')).toContainText(`${second.split('/')[0]} 1.000`);
  const scripts = server.sent.map(({ path }) => path).filter(path => /\.(js|wasm)$/.test(path));
  expect(scripts.filter(path => !path.startsWith(`${base}assets/`))).toEqual([]);
  expect(scripts.some(path => /worker-/.test(path))).toBe(true);
  expect(page.workers().map(worker => worker.url())).toEqual([expect.stringMatching(/\/some\/path\/assets\/worker-/)]);
  server.close();
});

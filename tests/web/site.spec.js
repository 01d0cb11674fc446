// scripts/site.sh: a site of anybody's own pictures, made anew and brought up to date, in a folder where others have files.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync, copyFileSync, cpSync, existsSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync,
  renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { serve } from '../bench/server.mjs';
import { readBundle } from '../../scripts/bundle_files.mjs';
import { chooser, expect, picture, results, status, test, BUILDER, ROOT } from './support.js';

const MODEL = join(ROOT, 'models/resnet18-i8.safetensors');
const SOURCES = { 'lotus.jpg': 'lotus/image_0020.jpg', 'a b/camera #1.jpg': 'camera/image_0003.jpg', 'watch.jpg': 'watch/image_0100.jpg' };
const ANCHOR = picture('anchor/image_0001.jpg');

let folder, pictures, bundle, out;

/** Writes a file, and the folders above it. */
function write(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function add(name, source) {
  mkdirSync(dirname(join(pictures, name)), { recursive: true });
  copyFileSync(source, join(pictures, name));
}

test.beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heybagh-site-'));
  [pictures, bundle, out] = ['pictures', 'bundle', 'site'].map(name => join(folder, name));
  for (const [name, source] of Object.entries(SOURCES)) add(name, picture(source));
  build();
});

test.afterEach(() => rmSync(folder, { recursive: true }));

function build(...options) {
  execFileSync(BUILDER, ['build', '--model', MODEL, '--images', pictures, '--out', bundle, ...options], { stdio: 'pipe' });
}

/** Runs site.sh, and returns its status and all that it says. */
function run(...options) {
  const { status: code, stdout, stderr } = spawnSync(join(ROOT, 'scripts/site.sh'), [out, ...options], { encoding: 'utf8' });
  return { code, said: stdout + stderr };
}

const site = (...options) => run('--bundle', bundle, '--model', MODEL, '--images', pictures, ...options);

function made(...options) {
  const { code, said } = site(...options);
  expect(code, said).toBe(0);
  return said;
}

/** All files of a folder with their contents. */
const contents = root => Object.fromEntries(readdirSync(root, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile()).map(entry => join(entry.parentPath ?? entry.path, entry.name))
  .map(path => [path, readFileSync(path, 'latin1')]));

const published = () => readdirSync(join(out, 'images'), { recursive: true, withFileTypes: true })
  .filter(entry => !entry.isDirectory()).map(entry => join(entry.parentPath ?? entry.path, entry.name).slice(out.length + 8)).sort();

/** Opens the site, and tells of requests that it could not answer. */
async function open(page, problems, address = '') {
  const server = await serve([['/', `${out}/`]]);
  problems.allow(new RegExp(`^request: GET ${server.address}`));
  const missing = [];
  page.on('response', response => response.status() >= 400 && missing.push(response.url()));
  await page.goto(server.address + address);
  await expect(status(page)).toContainText('Ready to search');
  return { missing, close: () => server.close() };
}

/* ---- What the page says of the pictures ---- */

test('a site of one\'s own pictures says nothing about anybody\'s, and asks for nothing that is not there', async ({
  page, problems,
}) => {
  made();
  const { missing, close } = await open(page, problems);
  await expect(page.locator('#credit')).toHaveCount(0);
  expect(await page.content()).not.toMatch(/Caltech|CC.BY|image_0006/);
  const naming = Object.entries(contents(out)).filter(([, content]) => /Caltech/i.test(content)).map(([path]) => path);
  expect(naming).toEqual([]);
  expect(JSON.parse(readFileSync(join(out, 'bundle/index.json'), 'utf8'))).not.toHaveProperty('about');
  await expect(page.getByText('Or try one of these')).toBeHidden();
  await chooser(page).setInputFiles(join(pictures, 'lotus.jpg'));
  await expect(results(page)).toHaveCount(3);
  expect(missing).toEqual([]);
  close();
});

const TEXTS = {
  title: 'Flora & "Fauna" of <Crete>', description: 'Plants, by A. & B.', credit: 'Photos by <b>A.</b> & "B."',
  'credit-url': 'https://example.org/?a=1&b="2"', licence: 'CC-BY-SA-4.0',
};

test('title, description, credit, licence and samples are those that are given', async ({ page, problems }) => {
  const options = Object.entries(TEXTS).flatMap(([name, text]) => [`--${name}`, text]);
  made(...options, '--sample', 'a b/camera #1.jpg', '--sample', 'lotus.jpg');
  const { missing, close } = await open(page, problems);
  await expect(page).toHaveTitle(TEXTS.title);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(TEXTS.title);
  await expect(page.locator('.lead')).toHaveText(TEXTS.description);
  expect(await page.locator('meta[name=description]').getAttribute('content')).toBe(TEXTS.description);
  await expect(page.locator('#credit')).toHaveText(`Pictures: ${TEXTS.credit}, ${TEXTS.licence}.`);
  const [credit, licence] = await page.locator('#credit a').evaluateAll(links => links.map(({ href }) => href));
  expect(credit).toBe(new URL(TEXTS['credit-url']).href);
  expect(licence).toContain(TEXTS.licence);
  const { name, description } = JSON.parse(readFileSync(join(out, 'heybagh.webmanifest'), 'utf8'));
  expect({ name, description }).toEqual({ name: TEXTS.title, description: TEXTS.description });
  const bill = JSON.parse(readFileSync(join(out, 'sbom.cdx.json'), 'utf8'));
  expect(bill.components.find(component => component.type === 'data').licenses).toEqual([{ expression: TEXTS.licence }]);
  const { 'credit-url': url, ...texts } = TEXTS;
  const samplePaths = ['a b/camera #1.jpg', 'lotus.jpg'];
  const { about } = JSON.parse(readFileSync(join(out, 'bundle/index.json'), 'utf8'));
  expect(about).toEqual({ ...texts, credit_url: url, samples: samplePaths });
  const told = await page.locator('heybagh-search').evaluate(search => search.info().about);
  expect(told).toEqual({ ...texts, creditUrl: new URL(url).href });
  const samples = page.getByRole('button', { name: /^Search with sample/ });
  await expect(samples).toHaveCount(2);
  await samples.first().click();
  await expect(results(page).first()).toHaveAttribute('data-path', 'a b/camera #1.jpg');
  expect(missing).toEqual([]);
  close();
});

test('credit and samples are those of the site\'s own index, not of another that the address names', async ({ page, problems }) => {
  made('--title', 'Mine', '--description', 'All mine.', '--credit', 'Somebody', '--sample', 'lotus.jpg');
  cpSync(bundle, join(out, 'other'), { recursive: true });
  const { close } = await open(page, problems, '?index=other/');
  await expect(page.locator('#credit')).toHaveCount(0);
  await expect(page.locator('.sample')).toHaveCount(0);
  await expect(page.locator('body')).not.toContainText(/mine/i);
  const { title, description } = await page.evaluate(async () => (await import('./site/about.js')).GENERAL);
  const own = readFileSync(join(ROOT, 'web/index.html'), 'utf8');
  expect(own).toContain(`<h1>${title}</h1>`);
  expect(own).toContain(`<p class="lead">${description}</p>`);
  await expect(page).toHaveTitle(title);
  close();
});

test('of another index the page says what that says, and a link that it could run is none', async ({ page, problems }) => {
  made('--title', 'Mine');
  cpSync(join(out, 'bundle'), join(out, 'other'), { recursive: true });
  const change = about => {
    const path = join(out, 'other/index.json');
    write(path, readFileSync(path, 'utf8').replace(/"about":.*/, () => `"about":${JSON.stringify(about)}}`));
  };
  change({ title: '<b>Theirs</b>', description: 7, credit: 'Them', credit_url: 'javascript:alert(1)', licence: 'CC0-1.0' });
  const { close } = await open(page, problems, '?index=other/');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('<b>Theirs</b>');
  await expect(page).toHaveTitle('<b>Theirs</b>');
  await expect(page.locator('#credit')).toHaveText('Pictures: Them, CC0-1.0.');
  expect(await page.locator('#credit a').evaluateAll(links => links.map(({ href }) => href)))
    .toEqual(['https://spdx.org/licenses/CC0-1.0.html']);
  close();
});

test('what a bundle says of its pictures is taken over, unless something else is given', () => {
  made('--title', 'Mine', '--licence', 'CC0-1.0');
  const published = join(folder, 'published');
  cpSync(join(out, 'bundle'), published, { recursive: true });
  const about = () => JSON.parse(readFileSync(join(out, 'bundle/index.json'), 'utf8')).about;
  made();
  expect(about()).toBe(undefined);
  expect(run('--bundle', published, '--model', MODEL, '--images', pictures).code).toBe(0);
  expect(about()).toEqual({ title: 'Mine', licence: 'CC0-1.0' });
  expect(readFileSync(join(out, 'index.html'), 'utf8')).toContain('<h1>Mine</h1>');
  made('--credit', 'Somebody');
  expect(about()).toEqual({ credit: 'Somebody' });
});

test('an address of the credit that runs something is refused', () => {
  const { code, said } = site('--credit', 'Somebody', '--credit-url', 'javascript:alert(1)');
  expect(code).toBe(1);
  expect(said).toContain('is not an address that a credit can lead to');
});

test('names do not steer the terminal', () => {
  const name = 'red\x1b[31m\n\u202e\u009b.jpg', readable = 'red\\x1b[31m\\x0a\\u202e\\u009b.jpg';
  add(name, ANCHOR);
  build();
  expect(site('--sample', `no ${name}`).said).toContain(`the sample 'no ${readable}' is not in the bundle`);
  write(join(out, 'images', name), 'mine');
  expect(site().said).toContain(`${readable} is in the way`);
  rmSync(join(out, 'images', name));
  rmSync(join(pictures, name));
  for (const { said } of [site(), run('--bundle', `no ${name}`)]) {
    for (const c of '\x1b\u202e\u009b') expect(said).not.toContain(c);
  }
});

test('a sample that is not in the bundle is refused, and the site stays as it was', () => {
  made();
  const before = contents(out);
  const { code, said } = site('--sample', 'rose.jpg');
  expect(code).toBe(1);
  expect(said).toContain("the sample 'rose.jpg' is not in the bundle");
  expect(contents(out)).toEqual(before);
});

/* ---- Again ---- */

test('a second run brings new pictures, takes removed ones away, and says so', () => {
  expect(made()).toContain('3 pictures added; 3 in all');
  rmSync(join(pictures, 'watch.jpg'));
  rmSync(join(pictures, 'a b'), { recursive: true });
  copyFileSync(ANCHOR, join(pictures, 'new.jpg'));
  renameSync(join(pictures, 'new.jpg'), join(pictures, 'lotus.jpg'));
  for (const name of ['1.jpg', 'deep/2.jpg', '3.jpg']) add(name, picture(`anchor/image_000${parseInt(name.at(-5), 10) + 1}.jpg`));
  build();
  expect(made()).toContain('3 pictures added, 1 changed, 2 removed; 4 in all');
  expect(published()).toEqual(['1.jpg', '3.jpg', 'deep/2.jpg', 'lotus.jpg']);
  expect(readFileSync(join(out, 'images/lotus.jpg'))).toEqual(readFileSync(ANCHOR));
  expect(existsSync(join(out, 'images/a b')), 'an empty folder').toBe(false);
  expect(made()).toContain('4 pictures, as before');
});

test('of the index, too, only what it names stays, and it goes on to work', async ({ page, problems }) => {
  build('--fresh', '--thumbs', '64');
  made();
  const isThumb = name => name.startsWith('thumb-');
  const thumbs = () => readdirSync(join(out, 'bundle')).filter(isThumb);
  expect(thumbs()).toHaveLength(3);
  rmSync(join(pictures, 'watch.jpg'));
  build('--fresh', '--thumbs', '64');
  made();
  const { manifest: { files } } = readBundle(bundle);
  expect(readdirSync(join(out, 'bundle')).filter(name => !isThumb(name)).sort())
    .toEqual(['index.json', ...files.map(({ name }) => name)].sort());
  expect(thumbs()).toHaveLength(2);
  const { missing, close } = await open(page, problems);
  await chooser(page).setInputFiles(join(pictures, 'lotus.jpg'));
  await expect(results(page)).toHaveCount(2);
  expect(missing).toEqual([]);
  close();
});

test('only pictures that the bundle names are published', () => {
  for (const name of ['notes.txt', '.secret.jpg', 'private/key.pem', 'holiday.mp4', '@eaDir/lotus.jpg']) write(join(pictures, name), 'not for all');
  add('later.jpg', ANCHOR); // not indexed yet
  made();
  expect(published()).toEqual(Object.keys(SOURCES).sort());
});

test('without the pictures\' folder, removed pictures go all the same, and what is lacking is said', () => {
  made();
  rmSync(join(pictures, 'watch.jpg'));
  add('anchor.jpg', ANCHOR);
  build();
  const { code, said } = run('--bundle', bundle, '--model', MODEL);
  expect(code).toBe(0);
  expect(said).toContain('1 picture removed; 2 in all');
  expect(said).toContain('1 picture of the bundle not there');
  expect(published()).toEqual(['a b/camera #1.jpg', 'lotus.jpg']);
});

test('pictures go where the index looks for them, and nowhere if that is another site', () => {
  build('--fresh', '--image-url', '../media/big/{path}?v=1');
  made();
  expect(existsSync(join(out, 'media/big/a b/camera #1.jpg'))).toBe(true);
  expect(existsSync(join(out, 'images'))).toBe(false);
  build('--fresh', '--image-url', 'https://cdn.example.org/{path}');
  const said = made();
  expect(said).toContain('https://cdn.example.org/{path}');
  expect(existsSync(join(out, 'media'))).toBe(false);
});

/** A bundle of ready-made vectors of these paths, with so many lists. */
function buildVectors(to, paths, nlist, storage) {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${paths.length}, 8), }`.padEnd(117) + '\n';
  const numbers = Float32Array.from({ length: 8 * paths.length }, (_, i) => Math.sin(i * i));
  writeFileSync(join(folder, 'v.npy'), Buffer.concat([Buffer.from('\x93NUMPY\x01\0', 'latin1'), Buffer.of(header.length, 0),
    Buffer.from(header), Buffer.from(numbers.buffer)]));
  writeFileSync(join(folder, 'ids.txt'), paths.map(path => `${path}\n`).join(''));
  execFileSync(BUILDER, ['build', '--vectors', join(folder, 'v.npy'), '--ids', join(folder, 'ids.txt'), '--out', to,
    '--nlist', `${nlist}`, '--storage', storage], { stdio: 'pipe' });
}

for (const [storage, count, nlist] of [['f32', 400, 8], ['f16', 400, 8], ['i8', 24000, 600]]) {
  test(`the names that it reads are those of the bundle: ${nlist} lists of ${storage}`, () => {
    const to = join(folder, storage);
    const paths = Array.from({ length: count }, (_, i) => `folder ${i % 7}/ä #${i}.jpg`);
    buildVectors(to, paths, nlist, storage);
    const { manifest, files, pictures: read } = readBundle(to);
    expect(Boolean(manifest.table)).toBe(nlist > 512);
    expect(read.map(({ path }) => path).sort()).toEqual([...paths].sort());
    expect(files.sort()).toEqual(readdirSync(to).filter(name => name !== 'index.json').sort());
  });
}

/* ---- What is somebody else's ---- */

test('nothing of somebody else is touched', () => {
  made();
  const others = ['CNAME', '.nojekyll', '.git/config', 'about.html', 'images/logo.png', 'bundle/notes.txt', 'images/a b/own.jpg'];
  for (const name of others) write(join(out, name), name);
  rmSync(join(pictures, 'a b'), { recursive: true });
  build();
  made();
  for (const name of others) expect(readFileSync(join(out, name), 'utf8')).toBe(name);
  expect(published()).toEqual(['a b/own.jpg', 'logo.png', 'lotus.jpg', 'watch.jpg']);
});

for (const name of ['index.html', 'images/lotus.jpg', 'bundle/index.json', 'engine', 'images']) {
  test(`somebody else's ${name} in the way is said, and nothing is changed`, () => {
    write(join(out, name), 'mine');
    const before = contents(out);
    const { code, said } = site();
    expect(code).toBe(1);
    expect(said).toMatch(/in the way/);
    expect(contents(out)).toEqual(before);
  });
}

test('pictures and a bundle that lie in the site are their own originals, and stay', () => {
  mkdirSync(out);
  renameSync(pictures, join(out, 'images'));
  renameSync(bundle, join(out, 'bundle'));
  const [inside, index] = [join(out, 'images'), join(out, 'bundle')];
  const again = (...options) => run('--model', MODEL, '--images', inside, ...options);
  expect(again().code).toBe(0);
  expect(again('--title', 'Mine').code).toBe(0);
  expect(readFileSync(join(index, 'index.json'), 'utf8')).toContain('"about":{"title":"Mine"}');
  execFileSync(BUILDER, ['build', '--model', MODEL, '--images', inside, '--out', index, '--exclude', 'lotus.jpg'], { stdio: 'pipe' });
  expect(again().code).toBe(0);
  expect(published()).toEqual(Object.keys(SOURCES).sort());
  expect(execFileSync(BUILDER, ['info', index], { encoding: 'utf8' })).toContain('2 images');
});

test('a link to a folder elsewhere is not written through', () => {
  mkdirSync(out);
  mkdirSync(join(folder, 'elsewhere'));
  symlinkSync(join(folder, 'elsewhere'), join(out, 'images'));
  const { code, said } = site();
  expect(code).toBe(1);
  expect(said).toContain('leads out of');
  expect(readdirSync(join(folder, 'elsewhere'))).toEqual([]);
});

test('a site inside the folder of pictures is refused: its copies would be indexed', () => {
  out = join(pictures, 'site');
  expect(site().said).toContain('inside of');
  expect(existsSync(out)).toBe(false);
});

/* ---- Links and copies ---- */

test('pictures take no room of their own, and changing one leaves other links to its file alone', () => {
  made();
  const inode = path => statSync(path).ino;
  const [original, copy] = [join(pictures, 'lotus.jpg'), join(out, 'images/lotus.jpg')];
  expect(inode(copy)).toBe(inode(original));
  linkSync(original, join(folder, 'backup.jpg'));
  const backup = readFileSync(original);
  rmSync(original);
  copyFileSync(ANCHOR, original);
  build();
  made();
  expect(readFileSync(copy)).toEqual(readFileSync(ANCHOR));
  expect(readFileSync(join(folder, 'backup.jpg'))).toEqual(backup);
});

test('what a link leads to is published, not the link', () => {
  renameSync(join(pictures, 'lotus.jpg'), join(folder, 'elsewhere.jpg'));
  symlinkSync(join(folder, 'elsewhere.jpg'), join(pictures, 'lotus.jpg'));
  build();
  made();
  expect(lstatSync(join(out, 'images/lotus.jpg')).isFile()).toBe(true);
  expect(readFileSync(join(out, 'images/lotus.jpg'))).toEqual(readFileSync(join(folder, 'elsewhere.jpg')));
});

test('a picture that only its owner may read is copied, so that a server may read it', () => {
  chmodSync(join(pictures, 'lotus.jpg'), 0o600);
  made();
  expect(statSync(join(out, 'images/lotus.jpg')).mode & 0o777).toBe(statSync(join(out, 'sw.js')).mode & 0o777);
  expect(statSync(join(pictures, 'lotus.jpg')).mode & 0o777).toBe(0o600);
  expect(made(), 'and not again').toContain('3 pictures, as before');
});

test('on another file system pictures are copied, and only those that have changed again', () => {
  out = mkdtempSync('/dev/shm/heybagh-site-');
  try {
    expect(statSync(out).dev).not.toBe(statSync(pictures).dev);
    made();
    expect(made()).toContain('3 pictures, as before');
    const path = join(pictures, 'lotus.jpg');
    const { size } = statSync(path);
    const other = readFileSync(path).fill(0, size - 8); // of the same size
    writeFileSync(path, other);
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    expect(made()).toContain('1 picture changed');
    expect(readFileSync(join(out, 'images/lotus.jpg'))).toEqual(other);
  } finally {
    rmSync(out, { recursive: true });
  }
});

/* ---- Runs that fail ---- */

const FAILURES = {
  'a picture is missing': {
    says: /names 1 picture that is not in .*lotus\.jpg.*build again/, arrange: () => rmSync(join(pictures, 'lotus.jpg')),
  },
  'the folder of pictures is another': { says: /names 3 pictures that are not in/, arrange: () => { pictures = bundle; } },
  'a file of the bundle is missing': {
    says: /not whole/, arrange: () => rmSync(join(bundle, readdirSync(bundle).find(name => name.startsWith('lists-')))),
  },
  'a file of the bundle is cut': {
    says: /not whole/,
    arrange: () => writeFileSync(join(bundle, readdirSync(bundle).find(name => name.startsWith('centroids-'))), 'cut'),
  },
  'index.json is damaged': { says: /JSON/, arrange: () => writeFileSync(join(bundle, 'index.json'), '{') },
};

for (const [what, { says, arrange }] of Object.entries(FAILURES)) {
  test(`where ${what}, the old site stays as it was, and the next run works`, () => {
    made();
    const before = contents(out);
    const saved = [pictures, bundle].map(path => [path, join(folder, `saved-${path.split('/').pop()}`)]);
    for (const [from, to] of saved) cpSync(from, to, { recursive: true });
    add('anchor.jpg', ANCHOR);
    arrange();
    const { code, said } = site();
    expect(code).not.toBe(0);
    expect(said).toMatch(says);
    expect(contents(out)).toEqual(before);
    [pictures, bundle] = saved.map(([, to]) => to);
    made();
  });
}

test('what a run that was killed has left behind is cleared away', () => {
  made();
  write(join(out, '.heybagh-new/images/half.jpg'), 'half');
  made();
  expect(existsSync(join(out, '.heybagh-new'))).toBe(false);
  expect(published()).toEqual(Object.keys(SOURCES).sort());
});

test('a site of an earlier version is taken over', () => {
  made();
  rmSync(join(out, '.heybagh-site.json'));
  write(join(out, 'images/.complete'), '');
  write(join(out, 'images/old.jpg'), 'removed long ago');
  write(join(out, 'index.html'), 'of an earlier version');
  expect(made()).toContain('1 picture removed');
  expect(published()).toEqual(Object.keys(SOURCES).sort());
  expect(readFileSync(join(out, 'index.html'), 'utf8')).toContain('heybagh-search');
});

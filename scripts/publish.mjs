// publish.mjs STAGE OUT BUNDLE [IMAGES]: brings the site OUT up to date. STAGE, a folder in OUT, holds the program, as it is
// to be there; index and thumbnails come from the folder BUNDLE, the pictures that the bundle names from IMAGES. Without
// IMAGES, pictures that the bundle names no more go, and none comes.
//
// OUT/.heybagh-site.json lists the files that this script has put into OUT. It replaces and removes those alone: a file of
// somebody else in the way ends it before anything is changed. All that is new is put into STAGE first, and then renamed,
// index.json and sw.js last, so that a run that fails leaves the old site as it was.

import {
  chmodSync, constants, copyFileSync, existsSync, linkSync, lstatSync, mkdirSync, readFileSync, readdirSync, realpathSync,
  renameSync, rmSync, rmdirSync, statSync, utimesSync, writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { pictureUrls } from '../web/shared/manifest.js';
import { readBundle } from './bundle_files.mjs';
import { shown } from './shown.mjs';

const LIST = '.heybagh-site.json';
const OLD_MARK = 'images/.complete'; // of sites before there was a list: program and images/ are this script's
const SITE = 'http://site/';
const LAST = ['index.html', 'bundle/index.json', 'sw.js']; // what names the others comes after them

const [stage, out, bundle, images] = process.argv.slice(2);

const stat = path => attempt(statSync, path);
const exists = path => attempt(lstatSync, path) !== undefined;
const count = (n, one, many = `${one}s`) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** What a question about a path is answered; undefined where nothing is there, also below what is no folder. */
function attempt(ask, path) {
  try {
    return ask(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(error.code)) return undefined;
    throw error;
  }
}

/** All files below a folder, as paths relative to it. */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => !entry.isDirectory())
    .map(entry => relative(folder, join(entry.parentPath ?? entry.path, entry.name)));
}

/* ---- What is wanted ---- */

/** The path in the site of an address relative to the bundle; null if it is elsewhere. */
function placeOf(address) {
  const { href, origin, pathname } = new URL(address, `${SITE}bundle/index.json`);
  return href.startsWith(SITE) && origin === new URL(SITE).origin ? decodeURIComponent(pathname.slice(1)) : null;
}

/**
 * @typedef {{from: string | null, kind: 'program' | 'index' | 'picture'}} Wanted the file that is to be there; null: the
 *   one that is there already
 */

/** @returns {Map<string, Wanted>} by their paths in the site */
function wantedFiles({ manifest, files, pictures }) {
  const wanted = new Map();
  const want = (place, from, kind) => {
    if (wanted.has(place)) throw new Error(`two files want the place ${place}`);
    wanted.set(place, { from, kind });
  };
  for (const name of filesIn(stage)) want(name, join(stage, name), name.startsWith('bundle/') ? 'index' : 'program');
  for (const name of files) want(`bundle/${name}`, join(bundle, name), 'index');
  const templates = { imageUrl: manifest.image_url, thumbUrl: manifest.thumb_url ?? '' };
  const thumbs = new Set();
  for (const picture of pictures) {
    const { url, thumb } = pictureUrls(templates, picture, `${SITE}bundle/index.json`);
    const place = placeOf(url);
    if (place !== null) want(place, images ? join(images, picture.path) : null, 'picture');
    const thumbPlace = templates.thumbUrl && placeOf(thumb);
    if (thumbPlace?.startsWith('bundle/')) thumbs.add(thumbPlace);
  }
  for (const place of thumbs) want(place, join(bundle, place.slice('bundle/'.length)), 'index');
  return wanted;
}

/* ---- What is there ---- */

/** @returns {Set<string>} paths of files in OUT that an earlier run has put there */
function ownFiles(wanted) {
  const path = join(out, LIST);
  if (existsSync(path)) return new Set(JSON.parse(readFileSync(path, 'utf8')).files);
  if (!existsSync(join(out, OLD_MARK))) return new Set();
  return new Set([...wanted.keys(), ...filesIn(join(out, 'images')).map(name => `images/${name}`)]);
}

/** Whether a file in OUT is its own source, as where the bundle was built there: then it is not this script's. */
function isItself(place, from) {
  const there = attempt(realpathSync, join(out, place));
  return from !== null && there !== undefined && there === attempt(realpathSync, from);
}

/** Whether a file is there already: the same one, or one of the same size that was changed at the same time. */
function isThere(place, from, kind) {
  const [there, wanted] = [stat(join(out, place)), stat(from)];
  if (!there?.isFile()) return false;
  if (there.ino === wanted.ino && there.dev === wanted.dev) return true;
  if (there.size !== wanted.size) return false;
  if (kind === 'picture') return Math.abs(there.mtimeMs - wanted.mtimeMs) < 1;
  return readFileSync(join(out, place)).equals(readFileSync(from));
}

/** The folder of OUT/PLACE, or the nearest above it that is there. */
function folderOf(place) {
  let folder = dirname(join(out, place));
  while (!exists(folder)) folder = dirname(folder);
  return folder;
}

/** Whether what OUT/PLACE leads to is in OUT, not behind a symbolic link to a folder elsewhere. */
const isInside = place => `${realpathSync(folderOf(place))}${sep}`.startsWith(`${realpathSync(out)}${sep}`);

/* ---- What is done ---- */

/** Ends with a sentence where something is missing, or where something of somebody else is in the way. */
function check(wanted, own) {
  const missing = [...wanted.values()].filter(({ from }) => from !== null && !stat(from)?.isFile());
  if (missing.length > 0) {
    const [{ from, kind }] = missing;
    throw new Error(kind === 'picture'
      ? `the bundle names ${count(missing.length, 'picture')} that ${missing.length === 1 ? 'is' : 'are'} not in ${images}, such as `
        + `${JSON.stringify(relative(images, from))}; give the folder that was indexed, or run index-builder build again`
      : `${from} is missing: run index-builder build again`);
  }
  for (const [place, { from, kind }] of wanted) {
    const [path, folder] = [join(out, place), folderOf(place)];
    if (!isInside(place)) throw new Error(`${folder} leads out of ${out}: replace the link by a folder`);
    if (!stat(folder).isDirectory()) throw new Error(`${folder} is in the way: a folder is to be there; move it`);
    if (stat(path)?.isDirectory()) throw new Error(`${path} is in the way: a file is to be there; move it`);
    if (from !== null && exists(path) && !own.has(place) && !isThere(place, from, kind)) {
      throw new Error(`${path} is in the way, and this script has not put it there; move it, or choose another folder`);
    }
  }
}

/** Puts a file into the stage: pictures as hard links where that goes, to take no room of their own. */
function stageFile(place, from, kind, mode) {
  const to = join(stage, place);
  mkdirSync(dirname(to), { recursive: true });
  const file = realpathSync(from);
  const info = statSync(file);
  const isReadable = (info.mode & mode & 0o444) === (mode & 0o444); // by all who could read a copy
  if (kind === 'picture' && isReadable && tryLink(file, to)) return;
  copyFileSync(file, to, constants.COPYFILE_FICLONE);
  chmodSync(to, mode);
  utimesSync(to, info.atime, info.mtime);
}

/** @returns {boolean} false where it cannot be: on another file system, of somebody else's file */
function tryLink(file, to) {
  try {
    linkSync(file, to);
    return true;
  } catch {
    return false;
  }
}

function writeList(places) {
  const temporary = join(stage, LIST);
  writeFileSync(temporary, `${JSON.stringify({ files: [...places].sort() })}\n`);
  renameSync(temporary, join(out, LIST));
}

function remove(place) {
  if (!exists(join(out, place)) || !isInside(place)) return;
  rmSync(join(out, place));
  for (let folder = dirname(place); folder !== '.' && readdirSync(join(out, folder)).length === 0; folder = dirname(folder)) {
    rmdirSync(join(out, folder));
  }
}

function say(text) {
  console.log(`site: ${shown(text)}`);
}

/** "3 pictures added, 2 removed" */
function tell(what, many, { added, changed, removed }, total) {
  const parts = [['added', added], ['changed', changed], ['removed', removed]].filter(([, n]) => n > 0)
    .map(([verb, n], i) => `${i === 0 ? count(n, what, many) : n.toLocaleString('en')} ${verb}`);
  if (parts.length > 0) say(`${parts.join(', ')}; ${total.toLocaleString('en')} in all`);
  else if (total > 0) say(`${count(total, what, many)}, as before`);
}

function publish() {
  const read = readBundle(bundle);
  const wanted = wantedFiles(read);
  const sources = new Set([...wanted].filter(([place, { from }]) => isItself(place, from)).map(([place]) => place));
  for (const place of sources) wanted.delete(place);
  const own = ownFiles(wanted);
  if (isItself('bundle', bundle)) own.add('bundle/index.json'); // which says what the pictures are, as this script was told
  for (const [place, { from }] of wanted) if (from === null && !own.has(place)) wanted.delete(place);
  check(wanted, own);

  const fresh = [...wanted].filter(([place, { from, kind }]) => from !== null && !isThere(place, from, kind));
  const { mode } = statSync(join(stage, 'sw.js')); // as new files are made here
  for (const [place, { from, kind }] of fresh) if (!from.startsWith(stage + sep)) stageFile(place, from, kind, mode & 0o666);
  const gone = [...own].filter(place => !wanted.has(place) && !sources.has(place));

  const isNew = new Set(fresh.map(([place]) => place).filter(place => !exists(join(out, place))));
  writeList(new Set([...own, ...wanted.keys()]));
  const rank = ([place]) => LAST.indexOf(place);
  for (const [place] of fresh.sort((a, b) => rank(a) - rank(b))) {
    mkdirSync(dirname(join(out, place)), { recursive: true });
    renameSync(join(stage, place), join(out, place));
  }
  const removed = gone.filter(place => exists(join(out, place)));
  removed.forEach(remove);
  writeList(wanted.keys());
  report(read, wanted, fresh, isNew, removed);
}

function report({ manifest, pictures }, wanted, fresh, isNew, removed) {
  const pictureFolder = placeOf(manifest.image_url.replace(/\{path\}.*/, ''));
  const wasPicture = place => pictureFolder !== null && place.startsWith(pictureFolder)
    && !place.startsWith('bundle/') && place !== OLD_MARK;
  const of = kind => {
    const those = fresh.filter(([, file]) => file.kind === kind).map(([place]) => place);
    const added = those.filter(place => isNew.has(place)).length;
    return { added, changed: those.length - added };
  };
  const total = kind => [...wanted.values()].filter(file => file.kind === kind).length;
  tell('picture', 'pictures', { ...of('picture'), removed: removed.filter(wasPicture).length }, total('picture'));
  const others = removed.filter(place => !wasPicture(place));
  const [index, program] = [of('index'), of('program')];
  tell('other file', 'other files', {
    added: index.added + program.added, changed: index.changed + program.changed, removed: others.length,
  }, total('index') + total('program'));
  if (pictureFolder === null) say(`the bundle looks for its pictures at ${manifest.image_url}`);
  const templates = { imageUrl: manifest.image_url, thumbUrl: '' };
  const places = pictures.map(picture => placeOf(pictureUrls(templates, picture, `${SITE}bundle/index.json`).url));
  const lacking = places.filter(place => place !== null && !exists(join(out, place))).length;
  if (lacking > 0) say(`${count(lacking, 'picture')} of the bundle not there: say with --images where they are`);
}

try {
  publish();
} catch (error) {
  console.error(`site: ${shown(error.message)}`);
  process.exit(1);
}

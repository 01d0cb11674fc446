// The demo page: loads the engine, takes photos, shows answers. The newest photo wins, always.

import { HeyBagh, HeyBaghError } from './heybagh.js';
import { listenForPhotos } from './page-input.js';
import { PageView } from './page-view.js';
import { resolveUrl } from './url.js';

const view = new PageView(document, start);
let engine = null; // from the beginning of its loading on; null after it has failed
let photo = null; // the newest
let count = 0;

listenForPhotos(view.input, take);
start();

async function start() {
  view.hideError();
  try {
    engine = HeyBagh.open({ index: indexAddress(), onProgress: progress => view.showProgress(progress) });
    if (photo) search();
    await engine.ready;
    count = engine.info().count;
    if (!photo) view.showReady(count);
  } catch (error) {
    fail(error);
  }
}

function take(file) {
  photo = file;
  view.showPhoto(file);
  if (engine) search();
  else start(); // it failed before; a new photo is a reason to try again
}

async function search() {
  const mine = photo;
  const asked = engine;
  const isCurrent = () => mine === photo && asked === engine;
  const onResults = ({ results }) => {
    if (isCurrent()) view.showEarly(results);
  };
  const answer = asked.search(mine, { k: 4, onResults });
  answer.catch(() => {}); // told below, once loading is not what people look at
  if (!await asked.ready.then(() => true, () => false)) return; // `start` tells
  try {
    if (isCurrent()) view.showSearching();
    const found = await answer;
    if (isCurrent()) view.showAnswer(found, count);
  } catch (error) {
    if (!isCurrent()) return;
    if (error.code === 'crashed') fail(error);
    else view.showError(sentence(error), false);
  }
}

/** The engine is not there, and will not come by itself. */
function fail(error) {
  engine = null;
  view.showError(sentence(error), true);
}

/** `?index=` names another bundle, of this site only: a link must not make the page show what others put there. */
function indexAddress() {
  const address = new URLSearchParams(location.search).get('index') || 'bundle/';
  if (resolveUrl(address, document.baseURI)?.origin === location.origin) return address;
  throw new HeyBaghError('invalid-argument', 'The index must be on the same site as this page.');
}

function sentence(error) {
  return error instanceof HeyBaghError ? error.message : `Something went wrong in this page: ${error.message ?? error}`;
}

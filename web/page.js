// The demo page: loads the engine, takes photos, shows answers. The newest photo wins, always.

import { HeyBagh, HeyBaghError } from './heybagh.js';
import { listenForPhotos } from './page-input.js';
import { PageView } from './page-view.js';
import { resolveUrl } from './url.js';

const view = new PageView(document, start);
let engine = null; // until it is loaded, and after it has failed
let loading = false;
let photo = null; // the newest
let count = 0;

listenForPhotos(view.input, take);
start();

async function start() {
  view.hideError();
  loading = true;
  try {
    engine = await HeyBagh.load({ index: indexAddress(), onProgress: progress => view.showProgress(progress) });
    count = engine.info().count;
    view.showReady(count);
  } catch (error) {
    return fail(error);
  } finally {
    loading = false;
  }
  if (photo) search();
}

function take(file) {
  photo = file;
  view.showPhoto(file);
  if (engine) search();
  else if (!loading) start(); // it failed before; a new photo is a reason to try again
}

async function search() {
  const mine = photo;
  view.showSearching();
  try {
    const onResults = ({ results }) => {
      if (mine === photo) view.showEarly(results);
    };
    const answer = await engine.search(mine, { k: 4, onResults });
    if (mine === photo) view.showAnswer(answer, count);
  } catch (error) {
    if (error.code === 'crashed') fail(error);
    else if (mine === photo) view.showError(sentence(error), false);
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

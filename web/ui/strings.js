// The texts in English. The languages in web/lang/ have these keys, too; a missing text is shown in English. {name} is
// replaced by a value. All languages here are written from left to right, as view.js sets it.

export const en = {
  photo: 'Your photo',
  choose: 'Choose a photo',
  orDrop: 'or drop one anywhere, or paste it',
  chooseAgain: 'Choose another',
  formats: 'JPEG, PNG, GIF, WebP and whatever else your browser shows',
  camera: 'Take a picture',
  address: 'Use an address',
  addressLabel: 'Address of a picture',
  addressGo: 'Search',
  samples: 'Or try one of these',
  sample: 'Search with sample {n}',
  part: 'Search a part',
  whole: 'Search the whole photo',
  partHelp: 'Part of the photo to search with. Arrow keys move it, with Shift they change its size, Enter searches, '
    + 'Escape goes back to the whole photo.',
  cost: 'Searches {count} pictures in this tab. The first search loads {size} MB.',
  loadingEngine: 'Loading the engine…',
  loadingModel: 'Loading the model…',
  loadingIndex: 'Loading the index…',
  starting: 'Starting the engine…',
  photoIsNext: 'Your photo is next.',
  bytes: '{name}: {loaded} of {total} MB',
  bytesKept: '{name}: {loaded} of {total} MB, saved on an earlier visit',
  model: 'Model',
  index: 'Index',
  ready: 'Ready to search {count} pictures.',
  searching: 'Searching…',
  searched: 'Searched {scanned} of {count} pictures in {ms} ms.',
  searchedPart: 'No connection: searched only the {nprobe} of {planned} lists that are saved, {scanned} of {count} pictures.',
  none: 'Nothing matches.',
  nothing: 'No picture of this collection matches. Try another photo, or other settings under “Advanced”.',
  results: 'Most similar',
  rank: 'Rank {n}: {name}',
  searchWith: 'Rank {n}: {name}. Search with it.',
  copy: 'There is 1 more file with this picture.',
  copies: 'There are {n} more files with this picture.',
  score: 'Similarity {score}',
  details: 'Where the time went',
  decode: 'Decode',
  preprocess: 'Resize',
  network: 'Network',
  head: 'Head',
  fetch: 'Downloads',
  scan: 'Search',
  threads: '{n} threads, {simd}',
  oneThread: 'one thread, {simd}',
  advanced: 'Advanced',
  count: 'Results',
  label: 'Label',
  anyLabel: 'All labels',
  nprobe: 'Lists to search (nprobe), 1 to {nlist}',
  exact: 'Search all lists',
  tray: 'Your photos',
  trayProgress: '{done} of {count} photos searched.',
  trayPhoto: 'Your photo: {name}. Show what it looks like.',
  trayStop: 'Stop',
  retry: 'Try again',
  share: 'Copy a link to this search',
  shared: 'The link was copied.',
  offline: 'No connection, and not everything that this needs is saved. Connect and try again.',
  somethingWrong: 'Something went wrong in this page: {message}. Reload it and try again.',
};

/** @type {Record<string, string>} advice for each error code, added if the error's sentence contains none */
const NEXT = {
  'no-simd': 'Update it, or use another one.',
  'engine-failed': 'Reload the page, or try another browser.',
  'download-failed': 'Check the connection and try again.',
  'bad-download': 'Try again.',
  'unreadable-image': 'Choose it again, or another one.',
  'image-too-large': 'Make it smaller and try again.',
  'out-of-memory': 'Close other tabs, or choose a smaller picture.',
  internal: 'Reload the page and try again.',
};

/** @import { Translator } from './types.js' */

/**
 * @param {Record<string, string>} strings
 * @param {string} lang BCP 47, for numbers
 * @returns {Translator}
 */
export function translator(strings, lang) {
  const integer = new Intl.NumberFormat(lang, { maximumFractionDigits: 0 });
  const fine = new Intl.NumberFormat(lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const score = new Intl.NumberFormat(lang, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  return {
    lang,
    text: (key, values = {}) => (strings[key] ?? en[key]).replace(/\{(\w+)\}/g, (_, name) => String(values[name])),
    // The engine's sentences are English. In other languages there is one sentence for each code.
    failure: ({ code, message }) => strings[`error ${code}`] ?? withNext(message, NEXT[code]),
    integer: value => integer.format(value),
    milliseconds: ms => (ms < 10 ? fine : integer).format(ms),
    megabytes: bytes => fine.format(bytes / 1e6),
    score: value => score.format(value),
  };
}

/**
 * Adds the advice. Sentences that contain advice have it after a semicolon.
 *
 * @param {string} message
 * @param {string} [next]
 */
function withNext(message, next) {
  return next && !message.includes(';') ? `${message} ${next}` : message;
}

/**
 * Loads the texts of a language, or English ones if there are none.
 *
 * @param {string} lang such as "de-AT"
 */
export async function loadStrings(lang) {
  const main = lang.toLowerCase().split('-')[0];
  if (!LANGUAGES.includes(main)) return translator(en, main === 'en' ? lang : 'en');
  const late = new Promise(resolve => { setTimeout(resolve, PATIENCE, { strings: en }); });
  const { strings } = await Promise.race([import(`../lang/${main}.js`), late]).catch(() => ({ strings: en }));
  return translator(strings, strings === en ? 'en' : lang);
}

const LANGUAGES = ['de', 'fr'];
const PATIENCE = 5000; // ms to wait for a language before English is used

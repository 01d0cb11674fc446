// What the page shows. It decides nothing: it is told, and writes into the elements of index.html.

const TILES = 4;

const PHASES = {
  engine: { status: 'Loading the engine…' },
  model: { status: 'Loading the model…', name: 'Model' },
  index: { status: 'Loading the index…', name: 'Index' },
  ready: { status: 'Ready.' },
};

const number = new Intl.NumberFormat('en');
const megabytes = bytes => (bytes / 1e6).toFixed(1);
const milliseconds = ms => (ms < 10 ? ms.toFixed(1) : number.format(Math.round(ms)));

/** The page's moving parts. */
export class PageView {
  #query;
  #photoAddress;

  /**
   * @param {Document} page
   * @param {() => void} onRetry the button beside an error was pressed
   */
  constructor(page, onRetry) {
    this.#query = selector => page.querySelector(selector);
    this.input = this.#query('input[type=file]');
    this.#query('.notice button').addEventListener('click', () => {
      this.input.focus(); // the button is about to go
      onRetry();
    });
    this.#query('.preview').addEventListener('error', () => this.#showPreview(false));
    this.#clearResults(false);
  }

  /** @param {import('./heybagh.js').Progress} progress */
  showProgress({ phase, loaded, total }) {
    const { status, name } = PHASES[phase];
    const last = phase === 'index' && loaded === total;
    const next = this.#photoAddress && phase !== 'ready' ? ' Your photo is next.' : '';
    this.#say((last ? 'Starting the engine…' : status) + next);
    this.#query('.loading').hidden = phase === 'ready';
    const bar = this.#query('progress');
    bar.max = total;
    bar.value = loaded;
    this.#query('#loading-text').textContent = name ? `${name}: ${megabytes(loaded)} of ${megabytes(total)} MB` : '';
  }

  /** @param {number} count pictures that can be searched */
  showReady(count) {
    this.#say(`Ready to search ${number.format(count)} pictures.`);
  }

  /**
   * Shows the photo that is asked about, in place of the last one and its answer.
   *
   * @param {Blob} photo
   */
  showPhoto(photo) {
    URL.revokeObjectURL(this.#photoAddress);
    this.#photoAddress = URL.createObjectURL(photo);
    this.#query('.preview').src = this.#photoAddress;
    this.#showPreview(true);
    this.#clearResults(true);
  }

  /** The photo is being searched. */
  showSearching() {
    this.hideError();
    this.#query('.results').setAttribute('aria-busy', true);
    this.#say('Searching…');
  }

  /**
   * Shows pictures that may yet give way to better ones.
   *
   * @param {import('./heybagh.js').Result[]} results
   */
  showEarly(results) {
    this.#showTiles(results, true);
  }

  /**
   * @param {import('./heybagh.js').Answer} answer
   * @param {number} count pictures in the index
   */
  showAnswer({ results, scanned, timings }, count) {
    this.#showTiles(results, false);
    const share = `${number.format(scanned)} of ${number.format(count)} pictures`;
    this.#say(`Searched ${share} in ${milliseconds(timings.total)} ms.`);
    const { decode, preprocess, network, scan } = timings;
    const parts = { decode, resize: preprocess, network, search: scan };
    this.#query('.timings').textContent = Object.entries(parts)
      .map(([name, time]) => `${name} ${milliseconds(time)}`).join(' · ') + ' ms';
  }

  /**
   * @param {string} message
   * @param {boolean} canRetry offers the button
   */
  showError(message, canRetry) {
    this.#clearResults(false);
    this.#say('');
    this.#query('.loading').hidden = true;
    this.#query('[role=alert]').textContent = message;
    this.#query('.notice button').hidden = !canRetry;
    this.#query('.notice').hidden = false;
  }

  hideError() {
    this.#query('.notice').hidden = true;
    this.#query('[role=alert]').textContent = '';
  }

  /** Set only when it changes, or a screen reader would read it out ten times a second. */
  #say(text) {
    const status = this.#query('[role=status]');
    if (status.textContent !== text) status.textContent = text;
  }

  /** Only the answer's own tiles are results to those who look for `data-result`. A tile that stays is not redrawn. */
  #showTiles(results, early) {
    const list = this.#query('.results');
    const old = [...list.children];
    const tiles = results.map((result, i) => (old[i]?.dataset.path === result.path ? old[i] : tile(result, i)));
    if (!early) for (const item of tiles) item.dataset.result = '';
    if (tiles.length !== old.length || tiles.some((item, i) => item !== old[i])) list.replaceChildren(...tiles);
    list.setAttribute('aria-busy', early);
  }

  #showPreview(shown) {
    this.#query('.preview').hidden = !shown;
    this.#query('.drop').classList.toggle('filled', shown);
  }

  #clearResults(busy) {
    const list = this.#query('.results');
    list.replaceChildren(...Array.from({ length: TILES }, emptyTile));
    list.setAttribute('aria-busy', busy);
    this.#query('.timings').textContent = '';
  }
}

/** One result. */
function tile({ path, label, score, thumb }, i) {
  const name = label.replaceAll('_', ' ');
  const item = element('li', 'tile');
  Object.assign(item.dataset, { path, label, score });

  const image = element('img');
  image.alt = `Rank ${i + 1}: ${name}`;
  image.decoding = 'async';
  image.src = thumb;

  const bar = element('span', 'bar');
  bar.style.setProperty('--score', Math.max(0, score));
  const caption = element('div', 'caption');
  caption.append(element('span', 'label', name), bar, element('span', 'score', score.toFixed(3)));

  item.append(image, caption);
  return item;
}

/** The place of a result to come. Nothing for a screen reader. */
function emptyTile() {
  const item = element('li', 'tile empty');
  item.setAttribute('aria-hidden', true);
  const caption = element('div', 'caption');
  caption.append(element('span', 'label', '\u00a0'), element('span', 'bar'), element('span', 'score', '\u00a0'));
  item.append(element('div', 'picture'), caption);
  return item;
}

function element(name, className = '', text = '') {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

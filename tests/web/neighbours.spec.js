// A search in a page where others take files and text, too: what is theirs is left alone, what is nobody's is taken.

import { dataTransfer, expect, picture, results, shownPaths, test } from './support.js';
import { openWidget } from './widget.js';

const CAMERA = 'camera/image_0003.jpg';
const LOTUS = 'lotus/image_0020.jpg';
const SECRET = 'https://intranet.invalid/one-time-link?token=7';

const SEARCH = '<heybagh-search index="/bundle/"></heybagh-search>';
const THUMB = `<a href="/about.html"><img id="thumb" src="/images/${LOTUS}" width="80"></a>`;
const NEIGHBOURS = `<main>
  <p id="text">text</p> <h1 id="heading" tabindex="-1">heading</h1> <button id="button">button</button>
  <input type="checkbox" id="checkbox"> <div id="zone">your CV here</div> <input type="file" id="file">
  <div id="rich" contenteditable><b id="inside">rich text</b></div> <div id="plain" contenteditable="plaintext-only">plain</div>
  <div id="off" contenteditable="false">not to be edited</div>
  <textarea id="area"></textarea> <input id="line"> <input id="mail" type="email">
  <div id="textbox" role="textbox" aria-multiline="true">drawn text</div> <div id="searchbox" role="searchbox">query</div>
  <div role="grid"><span id="cell">cell</span></div> <canvas id="canvas" tabindex="0"></canvas>
  <open-editor id="open"></open-editor> <closed-editor id="closed"></closed-editor> <div id="host"></div>
  <iframe id="frame" srcdoc="<p contenteditable>editor"></iframe>
  ${THUMB}
  </main>`;

/** What somebody else in the page does; each is a function of the page, and its name tells what. */
const SOMEBODY = {
  targetPrevents: () => window.listenLate('#zone', ['dragover', 'drop', 'paste']),
  capturePrevents: () => window.listenLate(document, ['dragover', 'drop', 'paste'], { capture: true }),
  documentPrevents: () => window.listenLate(document, ['dragover', 'drop', 'paste']),
  windowPrevents: () => window.listenLate(window, ['dragover', 'drop', 'paste']),
  preventsOnlyDragover: () => window.listenLate('#zone', ['dragover']),
};

async function openPage(page, body = SEARCH + NEIGHBOURS) {
  await page.route('**/about.html', route => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
  await openWidget(page, body);
  await page.evaluate(() => {
    const editor = mode => class extends HTMLElement {
      connectedCallback() {
        const root = this.attachShadow({ mode });
        this.inner = Object.assign(document.createElement('div'), { contentEditable: 'true', textContent: 'editor' });
        root.append(this.inner);
      }
    };
    customElements.define('open-editor', editor('open'));
    customElements.define('closed-editor', editor('closed'));
    const host = document.getElementById('host');
    host?.attachShadow({ mode: 'closed' }).append(host.inner = document.createElement('textarea'));
    window.listenLate = (target, types, options) => {
      const node = typeof target === 'string' ? document.querySelector(target) : target;
      for (const type of types) node.addEventListener(type, event => event.preventDefault(), options);
    };
  });
}

/** What the searches of the page have taken, or ask about: 'photo', 'question' or nothing, each. */
const taken = page => page.evaluate(() => [...document.querySelectorAll('heybagh-search')].map(search => {
  const root = search.shadowRoot ?? search;
  const asks = !root.querySelector('.address').hidden;
  return root.querySelector('.filled') ? 'photo' : asks ? 'question' : '';
}));

/** Pastes into an element, or the innermost that its custom element has inside; `focus` moves the focus there before. */
async function paste(page, selector, { text, focus = false } = {}) {
  const clipboardData = text ? await textTransfer(page, { 'text/plain': text }) : await dataTransfer(page, picture(CAMERA));
  return page.evaluate(({ selector, focus, clipboardData }) => {
    const found = document.querySelector(selector);
    const element = found.inner ?? found;
    if (focus) element.focus();
    return element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true, composed: true }));
  }, { selector, focus, clipboardData });
}

async function drop(page, selector, transfer, types = ['dragenter', 'dragover', 'drop']) {
  const dataTransfer_ = transfer ?? await dataTransfer(page, picture(CAMERA));
  await page.evaluate(({ selector, dataTransfer, types }) => {
    const found = document.querySelector(selector);
    for (const type of types) {
      (found.inner ?? found).dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true, composed: true }));
    }
  }, { selector, dataTransfer: dataTransfer_, types });
}

const textTransfer = (page, texts) => page.evaluateHandle(given => {
  const made = new DataTransfer();
  for (const [type, text] of Object.entries(given)) made.setData(type, text);
  return made;
}, texts);

/* ---- Pastes ---- */

const NOT_OURS = ['#rich', '#inside', '#plain', '#area', '#line', '#mail', '#file', '#textbox', '#searchbox', '#cell', '#canvas',
  '#open', '#closed'];

for (const selector of NOT_OURS) {
  test(`a picture pasted into ${selector} is left alone`, async ({ page }) => {
    await openPage(page);
    await paste(page, selector);
    expect(await taken(page)).toEqual(['']);
  });
}

for (const selector of ['#closed', '#host', '#canvas', '#frame']) {
  test(`while ${selector} has the focus, a paste is meant for it, wherever the event comes from`, async ({ page }) => {
    await openPage(page);
    await page.evaluate(id => {
      const found = document.querySelector(id);
      (found.inner ?? found).focus();
    }, selector);
    await paste(page, 'body');
    await paste(page, 'body', { text: SECRET });
    expect(await taken(page)).toEqual(['']);
  });
}

test('in a page that is edited as a whole, nothing that is pasted is taken', async ({ page }) => {
  await openPage(page);
  await page.evaluate(() => { document.designMode = 'on'; });
  await paste(page, '#text');
  expect(await taken(page)).toEqual(['']);
});

for (const [name, arrange] of Object.entries(SOMEBODY).filter(([what]) => /Prevents$/.test(what))) {
  test(`a picture that somebody else takes is left alone: ${name}`, async ({ page }) => {
    await openPage(page);
    await page.evaluate(arrange);
    await paste(page, '#zone');
    await paste(page, '#zone', { text: SECRET });
    expect(await taken(page)).toEqual(['']);
  });
}

for (const selector of ['body', '#text', '#heading', '#button', '#checkbox', '#off']) {
  test(`a picture pasted at ${selector}, where nobody takes it, is searched`, async ({ page }) => {
    await openPage(page);
    expect(await paste(page, selector, { focus: true }), 'and others see that it is taken').toBe(false);
    expect(await taken(page)).toEqual(['photo']);
  });
}

test('an address that is pasted somewhere is not fetched before the visitor says so', async ({ page, baseURL }) => {
  const asked = [];
  page.on('request', request => asked.push(request.url()));
  await openPage(page);
  const address = new URL(`/images/${LOTUS}?secret`, baseURL).href;
  await paste(page, 'body', { text: address });
  expect(await taken(page)).toEqual(['question']);
  await page.waitForTimeout(300);
  expect(asked).not.toContain(address);
  await expect(page.getByLabel('Address of a picture')).toBeFocused();
  await page.keyboard.press('Enter');
  expect((await shownPaths(page))[0]).toBe(LOTUS);
});

test('an address that is pasted while the search has the focus is searched', async ({ page, baseURL }) => {
  await openPage(page);
  await page.locator('input.unseen').focus();
  await paste(page, 'heybagh-search', { text: new URL(`/images/${LOTUS}`, baseURL).href });
  expect((await shownPaths(page))[0]).toBe(LOTUS);
});

for (const text of ['https://example.org/ is worth a visit', 'see https://example.org/a.jpg', 'javascript:alert(1)', 'words']) {
  test(`text that is no address is left alone: ${text}`, async ({ page }) => {
    await openPage(page);
    await paste(page, 'body', { text });
    await paste(page, 'heybagh-search', { text });
    expect(await taken(page)).toEqual(['']);
  });
}

/* ---- Drops ---- */

for (const [name, arrange] of Object.entries(SOMEBODY)) {
  test(`a file dropped on somebody else's zone is left alone: ${name}`, async ({ page }) => {
    await openPage(page);
    await page.evaluate(arrange);
    await drop(page, '#zone');
    expect(await taken(page)).toEqual(['']);
    await expect(page.locator('.heybagh')).not.toHaveClass(/dragging/);
  });
}

for (const selector of ['#file', '#rich', '#inside', '#area', '#textbox', '#open']) {
  test(`a file dropped on ${selector} is left alone`, async ({ page }) => {
    await openPage(page);
    await drop(page, selector);
    expect(await taken(page)).toEqual(['']);
  });
}

test('a zone that keeps its events to itself keeps its files', async ({ page }) => {
  await openPage(page);
  await page.evaluate(() => document.querySelector('#zone').addEventListener('dragover', event => event.stopPropagation()));
  await drop(page, '#zone');
  expect(await taken(page)).toEqual(['']);
});

test('after a visit to somebody else\'s zone, the rest of the page takes files again', async ({ page }) => {
  await openPage(page);
  await page.evaluate(SOMEBODY.targetPrevents);
  await drop(page, '#zone', null, ['dragenter', 'dragover']);
  await drop(page, '#text');
  expect(await taken(page)).toEqual(['photo']);
});

test('what is dropped on the search is its own, though the page keeps files from opening elsewhere', async ({ page }) => {
  await openPage(page);
  await page.evaluate(SOMEBODY.documentPrevents);
  await drop(page, 'heybagh-search');
  expect(await taken(page)).toEqual(['photo']);
});

test('what a page takes before it reaches the search is the page\'s', async ({ page }) => {
  await openPage(page);
  await page.evaluate(SOMEBODY.capturePrevents);
  await drop(page, 'heybagh-search');
  await paste(page, 'heybagh-search');
  expect(await taken(page)).toEqual(['']);
});

/* ---- What is dragged out of pages ---- */

const uri = (page, address, html) => textTransfer(page, { 'text/uri-list': address, ...html && { 'text/html': html } });

test('links of this page are no pictures', async ({ page, baseURL }) => {
  await openPage(page, `<a id="link" href="/about.html">about</a>${SEARCH}`);
  const address = new URL('/about.html', baseURL).href;
  await drop(page, 'heybagh-search', await uri(page, address, `<a href="${address}">about</a>`));
  await drop(page, 'heybagh-search', await uri(page, address));
  const started = page.evaluate(() => new Promise(resolve => { addEventListener('dragstart', () => resolve(true)); }));
  await page.locator('#link').dragTo(page.locator('heybagh-search .drop'));
  expect(await started).toBe(true);
  expect(await taken(page)).toEqual(['']);
});

test('a picture of this page that is moved within the page is left alone', async ({ page }) => {
  await openPage(page);
  await page.locator('#thumb').dragTo(page.locator('#text'));
  expect(await taken(page)).toEqual(['']);
});

test('a picture of this page that is dragged to the search is searched', async ({ page }) => {
  await openPage(page, `${THUMB}${SEARCH}`); // a drag does not begin where the page has to scroll for it
  await page.locator('#thumb').dragTo(page.locator('heybagh-search .drop'));
  expect((await shownPaths(page))[0]).toBe(LOTUS);
});

test('of a picture that is a link, the picture is searched, not the page behind it', async ({ page, baseURL }) => {
  await openPage(page);
  const address = new URL(`/images/${CAMERA}`, baseURL).href;
  const html = `<a href="https://example.org/shop"><img alt="a &gt; b" src="${address}?a=1&amp;b=2"></a>`;
  await drop(page, 'heybagh-search', await uri(page, 'https://example.org/shop', html));
  expect((await shownPaths(page))[0]).toBe(CAMERA);
});

test('an address dropped beside the search is left alone', async ({ page, baseURL }) => {
  await openPage(page);
  await drop(page, '#text', await uri(page, new URL(`/images/${CAMERA}`, baseURL).href));
  expect(await taken(page)).toEqual(['']);
});

/* ---- Several searches ---- */

test('a search that cannot be seen takes nothing from the rest of the page', async ({ page }) => {
  await openPage(page, `<dialog>${SEARCH}</dialog>${SEARCH}${NEIGHBOURS}`);
  await drop(page, '#text');
  expect(await taken(page)).toEqual(['', 'photo']);
  await page.evaluate(() => document.querySelectorAll('heybagh-search')[1].remove());
  await paste(page, 'body');
  expect(await taken(page)).toEqual(['']);
});

test('the search that was used last takes what is pasted', async ({ page }) => {
  await openPage(page, SEARCH + SEARCH + NEIGHBOURS);
  await page.locator('heybagh-search').nth(1).dispatchEvent('pointerdown');
  await page.evaluate(() => document.activeElement.blur());
  await paste(page, 'body');
  expect(await taken(page)).toEqual(['', 'photo']);
});

test('a search that is taken out and put back, in one go or later, listens once', async ({ page }) => {
  await openPage(page);
  await page.evaluate(async () => {
    const search = document.querySelector('heybagh-search');
    const moment = () => new Promise(resolve => { setTimeout(resolve); });
    document.querySelector('main').append(search);
    search.remove();
    document.body.append(search);
    search.remove();
    await moment();
    document.body.append(search);
    search.remove();
    await moment();
    document.body.append(search);
    await search.clear();
    window.answers = 0;
    document.addEventListener('heybagh-results', () => { window.answers++; });
  });
  await paste(page, 'body');
  await expect(results(page)).toHaveCount(4);
  expect(await page.evaluate(() => window.answers)).toBe(1);
});

test('a search that is removed while its texts are on their way takes nothing', async ({ page }) => {
  let release;
  const held = new Promise(resolve => { release = resolve; });
  await page.route('**/lang/de.js', async route => {
    await held;
    await route.continue();
  });
  await openPage(page);
  await page.evaluate(() => {
    window.removed = document.createElement('heybagh-search');
    document.body.lang = 'de';
    document.body.prepend(window.removed);
  });
  await page.evaluate(() => window.removed.remove());
  release();
  await page.waitForTimeout(300);
  expect(await page.evaluate(() => window.removed.shadowRoot), 'nothing is made for nobody').toBe(null);
  await paste(page, '#text');
  expect(await taken(page)).toEqual(['photo']);
});

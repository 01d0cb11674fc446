// All states of a search in one visit, for whoever looks at each: a person, or a program.

import { chooser, dataTransfer as filesTransfer, expect, holdModel, picture, results, status } from './support.js';
import { openWidget } from './widget.js';

const CAMERA = 'camera/image_0003.jpg';
const LOTUS = '/images/lotus/image_0020.jpg';
const FOREIGN = `
  :root { color-scheme: light dark; background: light-dark(#fff, #111); color: light-dark(#222, #eee) }
  body { max-width: 60rem; margin: 1rem auto; padding: 0 1rem; font: 17px/1.6 Georgia, serif }
  p, li, button, h2, label { color: rgb(200, 0, 200); letter-spacing: 3px }
  aside { max-width: 320px; border: 1px dashed }`;

/** A page of somebody else with a search in it; `box` is the element around that. */
const foreign = (box, language = 'en') => page => openWidget(page,
  `<h1>Flora</h1><${box}><heybagh-search index="/bundle/" share></heybagh-search></${box}>`, language, FOREIGN);

/** Where a search may stand: each opens a page with one. */
export const PLACES = {
  page: page => page.goto('/'),
  element: foreign('main'),
  narrow: foreign('aside'),
  german: foreign('main', 'de'),
};

export const DEVICES = {
  desktop: { viewport: { width: 1280, height: 860 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};

/** Failures that the walk provokes. */
export const PROVOKED = /ERR_FAILED|ERR_INTERNET|Failed to load resource/;

const element = page => page.locator('heybagh-search');
const part = (page, selector) => element(page).locator(selector);

/**
 * Walks through all states.
 *
 * @param {import('@playwright/test').Page} page
 * @param {(page: import('@playwright/test').Page) => Promise<unknown>} open one of PLACES
 * @param {(state: string) => Promise<unknown>} see called in each of them
 */
export async function walkStates(page, open, see) {
  await walkLoading(page, open, see);
  await walkAnswer(page, see);
  await walkFailures(page, open, see);
}

async function walkLoading(page, open, see) {
  const release = await holdModel(page);
  await open(page);
  if (await element(page).getAttribute('loading') !== 'eager') {
    await expect(status(page)).toHaveText(/MB/);
    await see('cost');
    await element(page).dispatchEvent('pointerdown');
  }
  await expect(page.getByRole('progressbar')).toBeVisible();
  await see('loading');
  await chooser(page).setInputFiles(picture(CAMERA));
  await expect(part(page, '.preview')).toBeVisible();
  await see('chosen');
  const letListsCome = await holdLists(page);
  release();
  await expect(part(page, '.tile[data-path]').first()).toBeVisible();
  await see('searching');
  letListsCome();
  await expect(results(page)).toHaveCount(4);
}

/** Keeps all lists but the first from arriving until the function that is returned is called. */
export async function holdLists(page) {
  let release;
  const held = new Promise(resolve => { release = resolve; });
  let first = true;
  await page.route('**/lists-*', async route => {
    if (!first) await held;
    first = false;
    await route.continue();
  });
  return release;
}

async function walkAnswer(page, see) {
  await picturesAreThere(page);
  await see('answer');
  await part(page, '.timings summary').click();
  await see('details');
  await part(page, '.advanced summary').click();
  await part(page, '.advanced select').first().selectOption('24');
  await expect(results(page)).toHaveCount(24);
  await picturesAreThere(page);
  await see('advanced');
  await part(page, '.advanced select').first().selectOption('4');
  await expect(results(page)).toHaveCount(4);
  await part(page, '.way').nth(1).click();
  await expect(part(page, '.address')).toBeVisible();
  await see('address');
  await part(page, '.way').nth(2).click();
  await expect(page.getByRole('application')).toBeFocused();
  await see('part');
}

async function walkFailures(page, open, see) {
  await open(page);
  await element(page).dispatchEvent('pointerdown');
  await expect(part(page, '.advanced')).toBeVisible();
  await see('ready');
  const dataTransfer = await filesTransfer(page, picture(CAMERA));
  await part(page, '.drop').dispatchEvent('dragover', { dataTransfer });
  await see('dragging');
  await part(page, '.drop').dispatchEvent('drop', { dataTransfer });
  await expect(results(page)).toHaveCount(4);
  await element(page).evaluate((search, address) => search.search(address, { minScore: 0.9, labels: ['camera'] }), LOTUS);
  await expect(part(page, '.nothing')).toBeVisible();
  await see('empty');
  await chooser(page).setInputFiles([CAMERA, 'watch/image_0100.jpg'].map(picture));
  await expect(part(page, '.tray-head span')).toHaveText(/^2 .*2/);
  await expect(results(page)).toHaveCount(4);
  await see('several');
  await chooser(page).setInputFiles({ name: 'notes.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('not a picture') });
  await expect(part(page, '[role=alert]')).not.toBeEmpty();
  await see('error');
  await page.route('**/index.json', route => route.fulfill({ status: 500 }));
  await open(page);
  await element(page).dispatchEvent('pointerdown');
  await expect(part(page, '.retry')).toBeVisible();
  await see('error-retry');
  await page.unroute('**/index.json');
}

/** Until pictures are decoded, nobody can look at them. */
export function picturesAreThere(page) {
  return element(page).evaluate(async search => {
    const pictures = [...(search.shadowRoot ?? search).querySelectorAll('.tile img, .preview:not([hidden])')];
    await Promise.all(pictures.map(image => image.decode()));
  });
}

// A whole visit by keyboard alone: at every stop the focus is somewhere, and can be seen.

import { chooser, expect, picture, results, shownPaths, status, test } from './support.js';
import { PLACES, PROVOKED } from './states.js';

const CAMERA = picture('camera/image_0003.jpg');
const LOTUS = 'lotus/image_0020.jpg';
const MOST_STOPS = 60;

const button = (page, name) => page.getByRole('button', { name, exact: true });

/** What has the focus, and how wide its outline is; for the file input, which is out of sight, that of the drop zone. */
const focused = page => page.evaluate(() => {
  let element = document.activeElement;
  while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  const seen = element.matches('.unseen') ? element.nextElementSibling : element;
  const { outlineStyle, outlineWidth } = getComputedStyle(seen);
  return { name: element.localName, outline: outlineStyle === 'none' ? 0 : parseFloat(outlineWidth) };
});

async function expectFocus(page) {
  const { name, outline } = await focused(page);
  expect(name).not.toBe('body');
  expect(outline, `around ${name}`).toBeGreaterThanOrEqual(2);
}

/** Presses Tab, or Shift+Tab, until this has the focus. */
async function tabTo(page, target, key = 'Tab') {
  for (let stops = 0; stops < MOST_STOPS; stops++) {
    await page.keyboard.press(key);
    await expectFocus(page);
    if (await target.evaluate(element => element.matches(':focus'))) return;
  }
  throw new Error(`${target} is not in reach of ${key}.`);
}

/** A key that leads to a new answer, whatever it is. */
async function expectAnswer(page, key) {
  await page.evaluate(() => {
    window.answered = false;
    document.addEventListener('heybagh-results', () => { window.answered = true; }, { once: true });
  });
  await page.keyboard.press(key);
  await page.waitForFunction(() => window.answered);
}

async function choose(page, key) {
  const opened = page.waitForEvent('filechooser'); // early: a busy browser takes its time to tell of one
  await tabTo(page, chooser(page), key);
  await page.keyboard.press('Space');
  await (await opened).setFiles(CAMERA);
}

async function searchWithResult(page) {
  const [, second] = await shownPaths(page);
  await tabTo(page, results(page).nth(1).getByRole('button'));
  await page.keyboard.press('Enter');
  await expectFocus(page); // while the tiles are gone
  await expect.poll(async () => (await shownPaths(page))[0]).toBe(second);
  await expect(results(page).first().getByRole('button')).toBeFocused();
  await expectFocus(page);
}

async function searchAddress(page, address) {
  await tabTo(page, button(page, 'Use an address'), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Address of a picture')).toBeFocused();
  await expectFocus(page);
  await page.keyboard.type(address);
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await shownPaths(page))[0]).toBe(LOTUS);
  await expectFocus(page);
}

async function searchPart(page) {
  await tabTo(page, button(page, 'Search a part'), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('application')).toBeFocused();
  for (const key of ['ArrowRight', 'Shift+ArrowDown']) await page.keyboard.press(key);
  await expectFocus(page);
  await expectAnswer(page, 'Enter');
  await expect(page.getByRole('application')).toBeFocused();
  await expectFocus(page);
  await expectAnswer(page, 'Escape');
  await expect(button(page, 'Search a part')).toBeFocused();
  await expectFocus(page);
}

async function filterByLabel(page) {
  await tabTo(page, page.locator('.advanced summary'));
  await page.keyboard.press('Enter');
  await tabTo(page, page.locator('.advanced select').nth(1));
  await page.keyboard.type('anchor');
  await expect.poll(() => results(page).evaluateAll(items => items.map(({ dataset }) => dataset.label)))
    .toEqual(Array(4).fill('anchor'));
  await expectFocus(page);
}

async function retry(page) {
  await page.route('**/index.json', route => route.fulfill({ status: 500 }));
  await page.locator('heybagh-search').evaluate(search => search.close());
  await choose(page, 'Shift+Tab');
  await expect(page.locator('[role=alert]')).toContainText('try again later');
  await page.unroute('**/index.json');
  await tabTo(page, button(page, 'Try again'));
  await page.keyboard.press('Enter');
  await expectFocus(page); // the button is gone
  await shownPaths(page);
  await expectFocus(page);
}

for (const place of ['page', 'element']) {
  test(`a visit by keyboard alone: ${place}`, async ({ page, problems, baseURL }) => {
    problems.allow(PROVOKED);
    await PLACES[place](page);
    await choose(page);
    await expectFocus(page);
    await searchWithResult(page);
    await searchAddress(page, new URL(`/images/${LOTUS}`, baseURL).href);
    await searchPart(page);
    await filterByLabel(page);
    await retry(page);
  });
}

test('a photo that is pasted takes the focus of what goes to the drop zone', async ({ page }) => {
  await PLACES.page(page);
  await chooser(page).setInputFiles(CAMERA);
  await shownPaths(page);
  await button(page, 'Search a part').press('Enter');
  await expect(page.getByRole('application')).toBeFocused();
  await page.evaluate(address => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', new URL(address, document.baseURI).href);
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
  }, `/images/${LOTUS}`);
  await expect(chooser(page)).toBeFocused();
  await expect(status(page)).toContainText('Searched');
  await expectFocus(page);
});

// How everything looks, for people: results/gallery/PLACE-DEVICE-STATE-SCHEME.png. That nothing is wider than its place
// and that the console stays empty is tested on the way.

import { chooser, expect, holdModel, picture, results, shoot, status, test } from './support.js';
import { DEVICES, PLACES, PROVOKED, picturesAreThere, walkStates } from './states.js';
import { openWidget } from './widget.js';

const still = { contextOptions: { reducedMotion: 'reduce' } };
const SEARCH = '<heybagh-search index="/bundle/" loading="eager" share></heybagh-search>';

/** Elements that stick out of the search sideways; what is out of sight on purpose does not count. */
const overflowing = page => page.locator('.heybagh').evaluate(base => {
  const { left, right } = base.getBoundingClientRect();
  const sticksOut = box => box.width > 0 && (box.left < left - 1 || box.right > right + 1);
  return [...base.querySelectorAll('*')].filter(element => !element.closest('.crop, .unseen'))
    .filter(element => sticksOut(element.getBoundingClientRect())).map(element => element.className || element.localName);
});

async function see(page, name) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await shoot(page, `gallery/${name}-${colorScheme}`);
  }
  expect(await overflowing(page), name).toEqual([]);
}

const WALKS = [
  ['page', 'desktop'], ['page', 'phone'], ['element', 'desktop'], ['element', 'phone'], ['narrow', 'desktop'],
  ['german', 'phone'],
];

for (const [place, device] of WALKS) {
  test.describe(() => {
    test.use({ ...DEVICES[device], ...still });

    test(`every state fits its place: ${place}, ${device}`, async ({ page, problems }) => {
      problems.allow(PROVOKED);
      await walkStates(page, PLACES[place], state => see(page, `${place}-${device}-${state}`));
    });
  });
}

test.describe(() => {
  test.use(still);

  async function searched(page, photo, body = SEARCH, language = 'en') {
    await openWidget(page, body, language, 'body { font-family: sans-serif }');
    await chooser(page).setInputFiles(photo);
    await expect(results(page).first()).toBeVisible();
    await picturesAreThere(page);
  }

  test('labels that are long are cut, and can be read in full', async ({ page }) => {
    await searched(page, picture('Faces_easy/image_0100.jpg'), `<div style="width: 320px">${SEARCH}</div>`);
    const label = results(page).first().locator('.label');
    await expect(label).toHaveText('Faces easy');
    await label.evaluate(element => { element.textContent = 'Donaudampfschifffahrtsgesellschaft'.repeat(2); });
    await see(page, 'long-label');
  });

  for (const [shape, width, height] of [['wide', 2000, 100], ['tall', 100, 2000]]) {
    test(`a very ${shape} photo stays in its frame`, async ({ page }) => {
      await page.goto('/');
      const data = await page.evaluate(([w, h]) => {
        const canvas = Object.assign(document.createElement('canvas'), { width: w, height: h });
        const context = canvas.getContext('2d');
        for (let i = 0; i < 20; i++) {
          context.fillStyle = `hsl(${i * 18} 80% 60%)`;
          context.fillRect(i * w / 20, i * h / 20, w, h);
        }
        return canvas.toDataURL('image/png').split(',')[1];
      }, [width, height]);
      await searched(page, { name: `${shape}.png`, mimeType: 'image/png', buffer: Buffer.from(data, 'base64') });
      await see(page, `photo-${shape}`);
      await page.locator('.way').nth(2).click();
      await shoot(page, `gallery/photo-${shape}-part`);
    });
  }

  test('from right to left', async ({ page }) => {
    await searched(page, picture('lotus/image_0020.jpg'), `<div dir="rtl">${SEARCH}</div>`);
    await page.locator('.timings summary').click();
    await page.locator('.advanced summary').click();
    await see(page, 'rtl');
    expect(await status(page).evaluate(line => getComputedStyle(line).direction), 'as its language').toBe('ltr');
  });

  test('in French, on a narrow phone', async ({ page }) => {
    await page.setViewportSize({ width: 320, height: 700 });
    await searched(page, picture('lotus/image_0020.jpg'), SEARCH, 'fr');
    await page.locator('.advanced summary').click();
    await see(page, 'french');
  });

  test('light where the page is, whatever people like', async ({ page }) => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await searched(page, picture('lotus/image_0020.jpg'));
    const [red] = await status(page).evaluate(line => getComputedStyle(line).color.match(/\d+/g).map(Number));
    expect(red, 'dark text on a page that does not know the dark').toBeLessThan(80);
    await shoot(page, 'gallery/light-page');
  });

  test('in colours that people force', async ({ page }) => {
    await page.emulateMedia({ forcedColors: 'active' });
    await searched(page, picture('lotus/image_0020.jpg'));
    await page.keyboard.press('Tab');
    await shoot(page, 'gallery/forced-colors');
    const edge = await page.locator('.drop').evaluate(drop => getComputedStyle(drop).borderTopWidth);
    expect(parseFloat(edge)).toBeGreaterThanOrEqual(1);
  });

  test('where people want it still, nothing moves by itself', async ({ page }) => {
    const release = await holdModel(page);
    await page.goto('/');
    await expect(status(page)).toContainText('Loading');
    await chooser(page).setInputFiles(picture('lotus/image_0020.jpg'));
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    await shoot(page, 'gallery/still');
    release();
    await expect(results(page)).toHaveCount(4);
  });
});

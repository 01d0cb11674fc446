// The page as a place: nothing jumps, it works without a mouse, on a phone and in the dark.

import { holdLists } from './states.js';
import {
  chooser, expect, holdModel, manifest, openReady, picture, results, shoot, shownPaths, status, test,
} from './support.js';

const CAMERA = 'camera/image_0003.jpg';

test('loading shows how many bytes have come', async ({ page }) => {
  const { model } = manifest();
  const megabytes = (model.bytes / 1e6).toFixed(1);
  const release = await holdModel(page);
  await page.goto('/');
  await expect(page.locator('.loading span')).toHaveText(`Model: 0.0 of ${megabytes} MB`);
  await expect(page.getByRole('progressbar')).toHaveAttribute('max', String(model.bytes));
  await shoot(page, 'loading');
  release();
  await expect(status(page)).toContainText('Ready to search');
  await expect(page.getByRole('progressbar')).toBeHidden();
});

test('what is found first is shown while the rest of the index is on its way', async ({ page }) => {
  await openReady(page);
  const release = await holdLists(page);
  await chooser(page).setInputFiles(picture(CAMERA));
  await expect(page.locator('.tile[data-path]').first()).toHaveAttribute('data-path', CAMERA);
  await expect(results(page)).toHaveCount(0);
  await expect(status(page)).toHaveText('Searching…');
  await expect(page.locator('.results')).toHaveAttribute('aria-busy', 'true');
  release();
  await shownPaths(page);
  await expect(status(page)).toContainText('Searched');
  await expect(page.locator('.results')).toHaveAttribute('aria-busy', 'false');
});

test('thumbnails are shown where the index has them', async ({ page }) => {
  const json = { ...manifest(), thumb_url: 'thumbs/{content}.jpg' };
  await page.route('**/index.json', route => route.fulfill({ json }));
  await page.route('**/thumbs/*', route => route.fulfill({ path: picture(CAMERA) }));
  await openReady(page);
  await chooser(page).setInputFiles(picture(CAMERA));
  await shownPaths(page);
  await expect(results(page).first().locator('img')).toHaveAttribute('src', /\/bundle\/thumbs\/[0-9a-f]{16}\.jpg$/);
});

test('nothing moves when the answer arrives', async ({ page }) => {
  await openReady(page);
  await page.evaluate(() => {
    window.moved = 0;
    new PerformanceObserver(list => {
      for (const { value } of list.getEntries()) window.moved += value;
    }).observe({ type: 'layout-shift' });
  });
  await chooser(page).setInputFiles(picture(CAMERA));
  await shownPaths(page);
  await page.waitForTimeout(600); // for pictures to arrive and tiles to fade in
  expect(await page.evaluate(() => window.moved)).toBe(0);
});

test('everything works from the keyboard', { tag: '@quick' }, async ({ page }) => {
  await openReady(page);
  await page.keyboard.press('Tab');
  await expect(chooser(page)).toBeFocused();
  const opened = page.waitForEvent('filechooser'); // early: a busy browser takes its time to tell of one
  await shoot(page, 'focus');
  await page.keyboard.press('Space');
  await (await opened).setFiles(picture(CAMERA));
  expect((await shownPaths(page))[0]).toBe(CAMERA);
  await expect(chooser(page)).toBeFocused();
});

test('the drop zone opens the chooser when it is clicked', async ({ page }) => {
  await openReady(page);
  const opened = page.waitForEvent('filechooser');
  await page.locator('label.drop').click();
  await (await opened).setFiles(picture(CAMERA));
  await shownPaths(page);
});

for (const width of [320, 390]) {
  test(`a phone of ${width} pixels needs no sideways scrolling`, async ({ page }) => {
    await page.setViewportSize({ width, height: 780 });
    await openReady(page);
    await chooser(page).setInputFiles(picture(CAMERA));
    await shownPaths(page);
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(wide).toBeLessThanOrEqual(seen);
    await page.waitForTimeout(600); // the tiles fade in
    await shoot(page, `phone-${width}`);
  });
}

test('it is dark where people like it dark', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await openReady(page);
  await chooser(page).setInputFiles(picture(CAMERA));
  await shownPaths(page);
  const lightness = await page.evaluate(() => {
    const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
    return (r + g + b) / 3;
  });
  expect(lightness).toBeLessThan(40);
  await page.waitForTimeout(600); // the tiles fade in
  await shoot(page, 'dark');
});

test('nothing moves by itself where people want it still', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await openReady(page);
  await chooser(page).setInputFiles(picture(CAMERA));
  await shownPaths(page);
  expect(await results(page).first().evaluate(tile => getComputedStyle(tile).animationName)).toBe('none');
});

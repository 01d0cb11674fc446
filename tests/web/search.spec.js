// A photo gets in by every door, and its four nearest pictures come out.

import {
  alert, chooser, dataTransfer, expect, holdModel, openReady, picture, results, shoot, shownPaths, status, test, PHOTOS,
} from './support.js';

const BRONTOSAURUS = 'brontosaurus/image_0006.jpg';
const CAMERA = 'camera/image_0003.jpg';

test('a chosen photo of the index finds itself first, and three more with falling scores', { tag: '@quick' }, async ({ page }) => {
  await openReady(page);
  await shoot(page, 'ready');
  await chooser(page).setInputFiles(picture(BRONTOSAURUS));
  expect((await shownPaths(page))[0]).toBe(BRONTOSAURUS);
  const shown = await results(page).evaluateAll(items => items.map(item => ({
    ...item.dataset, alt: item.querySelector('img').alt, text: item.textContent,
  })));
  const scores = shown.map(({ score }) => Number(score));
  expect(scores[0]).toBeGreaterThan(0.999);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  for (const [i, { path, label, alt, text }] of shown.entries()) {
    expect(path.startsWith(`${label}/`)).toBe(true);
    expect(alt).toBe(`Rank ${i + 1}: ${label.replaceAll('_', ' ')}`);
    expect(text).toContain(scores[i].toFixed(3));
  }
  await expect(alert(page)).toBeEmpty();
});

test('the answer says how much was searched, and shows every picture', async ({ page }) => {
  await openReady(page);
  await chooser(page).setInputFiles(PHOTOS[1]);
  await expect(status(page)).toHaveText(/^Searched [\d,]+ of 8,677 pictures in [\d.,]+ ms\.$/);
  await expect(async () => {
    const widths = await results(page).locator('img').evaluateAll(images => images.map(image => image.naturalWidth));
    expect(Math.min(...widths)).toBeGreaterThan(0);
  }).toPass();
  await page.waitForTimeout(600); // the tiles fade in
  await shoot(page, 'answer');
});

test('a dropped photo is searched', { tag: '@quick' }, async ({ page }) => {
  await openReady(page);
  const transfer = await dataTransfer(page, picture(CAMERA));
  await page.dispatchEvent('footer', 'dragover', { dataTransfer: transfer });
  await expect(page.locator('.heybagh')).toHaveClass(/dragging/);
  await page.dispatchEvent('footer', 'drop', { dataTransfer: transfer });
  await expect(page.locator('.heybagh')).not.toHaveClass(/dragging/);
  expect((await shownPaths(page))[0]).toBe(CAMERA);
});

test('a pasted photo is searched', async ({ page }) => {
  await openReady(page);
  const transfer = await dataTransfer(page, picture(CAMERA));
  await page.evaluate(clipboardData => {
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
  }, transfer);
  expect((await shownPaths(page))[0]).toBe(CAMERA);
});

test('a photo chosen while the model is loading is searched as soon as it is there', async ({ page }) => {
  const release = await holdModel(page);
  await page.goto('/');
  await expect(status(page)).toContainText('Loading the model');
  await chooser(page).setInputFiles(picture(CAMERA));
  await expect(page.getByRole('img', { name: 'Your photo' })).toBeVisible();
  await expect(results(page)).toHaveCount(0);
  release();
  expect((await shownPaths(page))[0]).toBe(CAMERA);
});

test('the newest photo wins, and the answer to an older one is never shown', { tag: '@quick' }, async ({ page }) => {
  await openReady(page);
  await page.evaluate(() => {
    window.shown = [];
    new MutationObserver(() => {
      const first = document.querySelector('[data-result]');
      if (first) window.shown.push(first.dataset.path);
    }).observe(document.querySelector('.results'), { childList: true });
  });
  const photos = ['airplanes/image_0100.jpg', BRONTOSAURUS, CAMERA].map(picture);
  const transfers = await Promise.all(photos.map(path => dataTransfer(page, path)));
  await page.evaluate(all => { // in one go, so that no answer can come between two photos
    for (const dataTransfer of all) {
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
    }
  }, transfers);
  expect((await shownPaths(page))[0]).toBe(CAMERA);
  const older = (await page.evaluate(() => window.shown)).filter(path => path !== CAMERA);
  expect(older).toEqual([]);
});

test('the same file can be chosen twice', async ({ page }) => {
  await openReady(page);
  for (let i = 0; i < 2; i++) {
    await chooser(page).setInputFiles(picture(CAMERA));
    await expect(status(page)).toContainText('Searched');
    expect((await shownPaths(page))[0]).toBe(CAMERA);
  }
});

// Ways for a photo to come in besides choosing, dropping and pasting a file; parts of photos; settings; links.

import { readFileSync } from 'node:fs';
import {
  alert, chooser, expect, openReady, picture, results, shoot, shownPaths, status, test,
} from './support.js';

const CAMERA = 'camera/image_0003.jpg';
const LOTUS = 'lotus/image_0020.jpg';
const image = path => `/images/${path}`;

async function useAddress(page, address) {
  await page.getByRole('button', { name: 'Use an address' }).click();
  await page.getByLabel('Address of a picture').fill(address);
  await page.getByRole('button', { name: 'Search', exact: true }).click();
}

test('an address that is typed is searched', { tag: '@quick' }, async ({ page, baseURL }) => {
  await openReady(page);
  await useAddress(page, new URL(image(LOTUS), baseURL).href);
  expect((await shownPaths(page))[0]).toBe(LOTUS);
  await shoot(page, 'address');
});

test('what is pasted into a field of the search stays there', async ({ page }) => {
  await openReady(page);
  await page.getByRole('button', { name: 'Use an address' }).click();
  await page.getByLabel('Address of a picture').evaluate(field => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', 'https://example.org/picture.jpg');
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, composed: true }));
  });
  await expect(status(page)).toContainText('Ready to search');
  await expect(alert(page)).toBeEmpty();
});

test('a picture dragged out of another page comes as its address', async ({ page, baseURL }) => {
  await openReady(page);
  const transfer = await page.evaluateHandle(address => {
    const made = new DataTransfer();
    made.setData('text/uri-list', address);
    return made;
  }, new URL(image(CAMERA), baseURL).href);
  await page.dispatchEvent('.drop', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('.drop', 'drop', { dataTransfer: transfer });
  expect((await shownPaths(page))[0]).toBe(CAMERA);
});

test('an address whose site forbids reading it is explained, with what to do', async ({ page, problems }) => {
  problems.allow(/CORS|ERR_FAILED|request: GET https:\/\/elsewhere/);
  await page.route('https://elsewhere.test/**', route => route.fulfill({
    path: picture(CAMERA), headers: { 'Access-Control-Allow-Origin': 'https://friend.test' },
  }));
  await openReady(page);
  await useAddress(page, 'https://elsewhere.test/picture.jpg');
  await expect(alert(page)).toHaveText(/elsewhere\.test.*(save|file)/i);
  await shoot(page, 'cors');
});

test('six samples are one tap away', async ({ page }) => {
  await openReady(page);
  const samples = page.getByRole('button', { name: /^Search with sample/ });
  await expect(samples).toHaveCount(6);
  for (const sample of await samples.all()) {
    const loaded = () => sample.locator('img').evaluate(one => one.naturalWidth);
    await expect.poll(loaded).toBeGreaterThan(0);
  }
  await samples.nth(1).click();
  expect((await shownPaths(page))[0]).toBe(LOTUS);
});

test('a result is searched with when it is pressed', async ({ page }) => {
  await openReady(page);
  await chooser(page).setInputFiles(picture(CAMERA));
  const [, second] = await shownPaths(page);
  await results(page).nth(1).getByRole('button').click();
  await expect.poll(async () => (await shownPaths(page))[0]).toBe(second);
});

test('a phone with a camera is offered it', async ({ page }) => {
  await page.emulateMedia({});
  const client = await page.context().newCDPSession(page);
  await client.send('Emulation.setTouchEmulationEnabled', { enabled: true });
  await openReady(page);
  await page.evaluate(() => {
    const input = document.querySelector('input[type=file]');
    input.addEventListener('click', event => {
      window.captured = input.getAttribute('capture');
      event.preventDefault();
    });
  });
  const camera = page.locator('.camera');
  if (await page.evaluate(() => matchMedia('(any-pointer: coarse)').matches)) await camera.click();
  else await camera.evaluate(button => button.click());
  expect(await page.evaluate(() => window.captured)).toBe('environment');
  expect(await chooser(page).getAttribute('capture')).toBe(null);
});

test.describe('a link to a search', () => {
  test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

  test('leads others to the same answer', async ({ page, context }) => {
    await openReady(page);
    await page.getByRole('button', { name: 'Search with sample 2' }).click();
    const shown = await shownPaths(page);
    await page.getByRole('button', { name: 'Copy a link' }).click();
    await expect(status(page)).toHaveText('The link was copied.');
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(new URL(link).searchParams.get('q')).toBe(`images/${LOTUS}`);
    const other = await context.newPage();
    await other.goto(link);
    expect(await shownPaths(other)).toEqual(shown);
  });

  test('to another site\'s picture waits for a click', async ({ page, problems }) => {
    const asked = [];
    problems.allow(/request: GET https:\/\/elsewhere|ERR_FAILED|CORS/);
    await page.route('https://elsewhere.test/**', route => {
      asked.push(route.request().url());
      return route.fulfill({ path: picture(LOTUS), headers: { 'Access-Control-Allow-Origin': '*' } });
    });
    await openReady(page, '/?q=https://elsewhere.test/lotus.jpg');
    await page.waitForTimeout(300);
    expect(asked).toEqual([]);
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    expect((await shownPaths(page))[0]).toBe(LOTUS);
  });

  test('is not offered for a photo that has no address', async ({ page }) => {
    await openReady(page);
    await chooser(page).setInputFiles(picture(CAMERA));
    await shownPaths(page);
    await expect(page.getByRole('button', { name: 'Copy a link' })).toBeHidden();
  });
});

test('settings change how many, of which label, and how much is searched', async ({ page }) => {
  await openReady(page);
  await chooser(page).setInputFiles(picture(CAMERA));
  await shownPaths(page);
  await page.getByText('Advanced', { exact: true }).click();
  await page.getByLabel('Results').selectOption('8');
  await expect(results(page)).toHaveCount(8);
  await page.getByLabel('Label').selectOption('lotus');
  await expect.poll(() => results(page).evaluateAll(items => items.map(({ dataset }) => dataset.label)))
    .toEqual(Array(8).fill('lotus'));
  await page.getByLabel('Label').selectOption('');
  await page.getByLabel('Search all lists').check();
  await expect(status(page)).toContainText('Searched 8,677 of 8,677');
  await page.getByLabel('Search all lists').uncheck();
  await page.getByLabel('Lists to search').fill('1');
  await page.getByLabel('Lists to search').press('Tab');
  await expect(status(page)).not.toContainText('8,677 of');
  await page.getByText('Where the time went').click();
  await expect(page.locator('.times')).toContainText(/Network\s*[\d.]+ ms \(one thread, relaxed-simd\)/);
  await shoot(page, 'advanced');
});

test.describe('a part of the photo', () => {
  const box = page => page.getByRole('application');

  test('is drawn with the pointer, and searched', async ({ page }) => {
    await openReady(page);
    await chooser(page).setInputFiles(picture(CAMERA));
    await shownPaths(page);
    const whole = await results(page).evaluateAll(items => items.map(({ dataset }) => dataset.score));
    await page.getByRole('button', { name: 'Search a part' }).click();
    const frame = await page.locator('.crop').boundingBox();
    const at = (x, y) => [frame.x + x * frame.width, frame.y + y * frame.height];
    await page.mouse.move(...at(0.3, 0.1));
    await page.mouse.down();
    await page.mouse.move(...at(0.6, 0.6), { steps: 4 });
    await page.mouse.up();
    await expect(status(page)).toContainText('Searched');
    await expect.poll(() => results(page).evaluateAll(items => items.map(({ dataset }) => dataset.score))).not.toEqual(whole);
    await shoot(page, 'part');
    await page.getByRole('button', { name: 'Search the whole photo' }).click();
    await expect(results(page).first()).toHaveAttribute('data-path', CAMERA);
    await expect(results(page).first()).toHaveAttribute('data-score', /^(1|0\.999)/);
  });

  test('is moved and sized by keys, and left by one', async ({ page }) => {
    await openReady(page);
    await chooser(page).setInputFiles(picture(CAMERA));
    await shownPaths(page);
    await page.getByRole('button', { name: 'Search a part' }).press('Enter');
    await expect(box(page)).toBeFocused();
    const before = await box(page).boundingBox();
    for (const key of ['ArrowRight', 'ArrowDown', 'Shift+ArrowRight']) await page.keyboard.press(key);
    const after = await box(page).boundingBox();
    expect(after.x).toBeGreaterThan(before.x);
    expect(after.y).toBeGreaterThan(before.y);
    expect(after.width).toBeGreaterThan(before.width);
    await page.keyboard.press('Enter');
    await expect(results(page).first()).not.toHaveAttribute('data-score', /^(1|0\.999)/);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('button', { name: 'Search a part' })).toBeFocused();
    await expect(results(page).first()).toHaveAttribute('data-score', /^(1|0\.999)/);
  });

  test('is the answer that the same pixels give when they are a picture of their own', async ({ page }) => {
    await openReady(page);
    const file = readFileSync(picture(CAMERA)).toString('base64');
    const similar = await page.evaluate(async data => {
      const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
      const blob = new Blob([bytes]);
      const bitmap = await createImageBitmap(blob);
      const [width, height] = [Math.round(bitmap.width / 2), Math.round(bitmap.height / 2)];
      const canvas = new OffscreenCanvas(width, height);
      canvas.getContext('2d').drawImage(bitmap, 0, 0, width, height, 0, 0, width, height);
      const search = document.querySelector('heybagh-search');
      const region = { x: 0, y: 0, width: width / bitmap.width, height: height / bitmap.height };
      const [part, own] = [await search.embed(blob, { region }), await search.embed(await canvas.convertToBlob())];
      return part.reduce((sum, x, i) => sum + x * own[i], 0);
    }, file);
    expect(similar).toBeGreaterThan(0.995);
  });
});

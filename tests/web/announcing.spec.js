// What a screen reader is told: each thing once, the same thing anew, and nothing ten times a second.

import { Link } from '../bench/link.mjs';
import { serve } from '../bench/server.mjs';
import { alert, chooser, expect, openReady, picture, results, SITE, status, test } from './support.js';

const CAMERA = picture('camera/image_0003.jpg');

/** From now on, window.said is what the status line was given to read out, and window.places are the spans it is in. */
async function listen(page) {
  await page.evaluate(() => {
    [window.said, window.places] = [[], []];
    new MutationObserver(changes => {
      for (const { addedNodes: [added], target } of changes.filter(({ addedNodes }) => addedNodes.length > 0)) {
        window.said.push(added.textContent);
        window.places.push([...target.parentNode.children].indexOf(target));
      }
    }).observe(document.querySelector('[role=status]'), { childList: true, subtree: true });
  });
}

const said = page => page.evaluate(() => window.said);

test.describe(() => {
  test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

  test('the same text is announced anew', async ({ page }) => {
    await openReady(page);
    await page.getByRole('button', { name: 'Search with sample 2' }).click();
    await expect(results(page)).toHaveCount(4);
    await listen(page);
    const copied = 'The link was copied.';
    for (const times of [1, 2]) {
      await page.getByRole('button', { name: 'Copy a link' }).click();
      await expect.poll(() => said(page)).toEqual(Array(times).fill(copied));
      await expect(status(page)).toHaveText(copied);
    }
    const [first, second] = await page.evaluate(() => window.places);
    expect(second, 'in the same place it would not be read out').toBe(1 - first);
  });
});

test('so is the same answer', async ({ page }) => {
  await openReady(page);
  await page.evaluate(async () => {
    const { HeyBagh } = await import('/heybagh.js');
    const { search } = HeyBagh.prototype;
    HeyBagh.prototype.search = async function (...args) {
      const answer = await search.apply(this, args);
      return { ...answer, timings: { ...answer.timings, total: 100 } };
    };
  });
  await listen(page);
  for (const times of [1, 2]) {
    await chooser(page).setInputFiles(CAMERA);
    await expect.poll(async () => (await said(page)).length).toBe(2 * times);
  }
  const [searching, searched, ...again] = await said(page);
  expect(searching).toBe('Searching…');
  expect(searched).toMatch(/^Searched .* 100 ms\.$/);
  expect(again).toEqual([searching, searched]);
});

test('progress is seen often, and told seldom', async ({ page, problems }) => {
  problems.allow(/request: GET http:\/\/127\.0\.0\.1/); // a server that is not the tests' own
  const server = await serve([['/', `${SITE}/`]], { link: new Link(40, 10) });
  try {
    await page.addInitScript(() => {
      window.moves = 0;
      new MutationObserver(changes => {
        window.moves += changes.filter(({ target }) => target.localName === 'progress').length;
        const line = document.querySelector('[role=status]');
        if (line && line.textContent !== (window.texts ??= []).at(-1)) window.texts.push(line.textContent);
      }).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['value'] });
    });
    await page.goto(server.address);
    await expect(status(page)).toContainText('Ready to search');
    const { moves, texts } = await page.evaluate(() => ({ moves: window.moves, texts: window.texts }));
    expect(moves).toBeGreaterThan(12);
    expect(texts.filter(Boolean)).toEqual([...new Set(texts.filter(Boolean))]);
    expect(texts.length).toBeLessThanOrEqual(8);
  } finally {
    server.close();
  }
});

test('an error is an alert, and there is one line for each', async ({ page }) => {
  await openReady(page);
  const alone = async () => {
    expect([await status(page).count(), await alert(page).count()]).toEqual([1, 1]);
  };
  await alone();
  await chooser(page).setInputFiles({ name: 'a.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') });
  await expect(page.getByRole('alert')).toContainText('text, not a picture');
  await expect(status(page)).toBeEmpty();
  await alone();
  await chooser(page).setInputFiles(CAMERA);
  await expect(status(page)).toContainText('Searched');
  await expect(alert(page)).toBeEmpty();
  await alone();
});

test('that nothing was found is said and shown', async ({ page }) => {
  await openReady(page);
  await page.locator('heybagh-search').evaluate(
    search => search.search('/images/lotus/image_0020.jpg', { labels: ['camera'], minScore: 0.9 }),
  );
  await expect(status(page)).toHaveText(/^Nothing matches\. Searched/);
  await expect(page.locator('.nothing')).toContainText('another photo');
  await chooser(page).setInputFiles(CAMERA);
  await expect(results(page)).toHaveCount(4);
  await expect(page.locator('.nothing')).toBeHidden();
});

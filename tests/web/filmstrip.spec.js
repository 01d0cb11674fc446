// A first visit over a slow line, 10 Mbit/s and 40 ms, second by second: results/filmstrip/NN.png, for people.

import { Link } from '../bench/link.mjs';
import { serve } from '../bench/server.mjs';
import { watchWaits } from './processor.js';
import { chooser, expect, picture, results, shoot, SITE, status, test } from './support.js';

// ms, without those in which browser or server wait for a processor
const TEXT_BY = 1000;
const USABLE_BY = 2000;

/** In the page: notes when the drop zone is there, and each second what is seen, until there is an answer. */
function film() {
  new MutationObserver((_, observer) => {
    if (!document.querySelector('.drop')) return;
    observer.disconnect();
    window.usable = performance.now();
  }).observe(document, { childList: true, subtree: true });
  window.seconds = [];
  const look = () => {
    const bar = document.querySelector('progress');
    window.seconds.push({
      loading: Boolean(bar?.checkVisibility()), loaded: bar?.value,
      said: document.querySelector('[role=status]')?.textContent ?? '',
    });
    window.answered = document.querySelectorAll('[data-result]').length > 0;
    if (!window.answered) setTimeout(look, 1000);
  };
  setTimeout(look, 1000);
}

test('a first visit over a slow line', { tag: '@alone' }, async ({ page, problems }) => {
  problems.allow(/request: GET http:\/\/127\.0\.0\.1/); // a server that is not the tests' own
  const server = await serve([['/', `${SITE}/`]], { link: new Link(10, 40) });
  try {
    await page.addInitScript(film);
    const waited = watchWaits();
    await page.goto(server.address, { waitUntil: 'commit' });
    const [text, usable] = await (await page.waitForFunction(() => {
      const [paint] = performance.getEntriesByName('first-contentful-paint');
      return paint && window.usable && [paint.startTime, window.usable];
    })).jsonValue();
    const late = waited();
    await shootUntilAnswered(page);
    const seconds = await page.evaluate(() => window.seconds);
    console.log(`text after ${Math.round(text)} ms, drop zone after ${Math.round(usable)} ms, of them up to ${Math.round(late)} `
      + `without a processor, answer after ${seconds.length} s; `
      + `${seconds.map(({ loaded }) => ((loaded ?? 0) / 1e6).toFixed(1)).join(' ')} MB`);
    expect(text - late).toBeLessThanOrEqual(TEXT_BY);
    expect(usable - late).toBeLessThanOrEqual(USABLE_BY);
    expectMovement(seconds);
  } finally {
    server.close();
  }
});

/** A picture each second; a photo is chosen as soon as the drop zone is there. */
async function shootUntilAnswered(page) {
  await chooser(page).setInputFiles(picture('lotus/image_0020.jpg'));
  for (let i = 1; !await page.evaluate(() => window.answered); i++) {
    await shoot(page, `filmstrip/${String(i).padStart(2, '0')}`);
    await page.waitForTimeout(900);
  }
  await expect(results(page)).toHaveCount(4);
  await expect(status(page)).toContainText('Searched');
}

/** As long as it loads, each second shows more than the one before. */
function expectMovement(seconds) {
  const loading = seconds.filter(second => second.loading);
  expect(loading.length).toBeGreaterThan(2); // 5.5 MB take four seconds
  for (let i = 1; i < loading.length; i++) {
    const [before, now] = [loading[i - 1], loading[i]];
    expect(now.loaded > before.loaded || now.said !== before.said, `second ${i}: ${now.said} ${now.loaded}`).toBe(true);
  }
}

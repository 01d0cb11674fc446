// The engine's Worker: what breaks, hangs or does not come is replaced once, and the question repeated.

import { shorten } from './misbehaving.js';
import {
  alert, chooser, expect, openBlank, failure, openReady, patchWorker, picture, shownPaths, status, test,
} from './support.js';

const CAMERA = 'camera/image_0003.jpg';
const BEAT = 1000; // ms, in place of 10 s
const OUT_OF_ORDER = /out of order|unreachable/;

/** What the Worker does when it is asked a method. */
const when = (method, act) => `
  self.addEventListener('message', event => {
    if (event.data.method !== '${method}') return;
    ${act}
  });`;

// A module whose one function, "t", is the instruction unreachable.
const TRAP = `const bytes = Uint8Array.of(
    0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11);
  new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.t();`;

const BREAKDOWNS = {
  'throws when it is asked': when('crop', 'event.stopImmediatePropagation(); throw new Error("out of order");'),
  'traps in WebAssembly': when('crop', `event.stopImmediatePropagation(); ${TRAP}`),
  'ends by itself': when('crop', 'self.close();'),
  'computes for ever': when('crop', 'for (;;);'),
  'breaks down while it loads': when('open', 'event.stopImmediatePropagation(); throw new Error("out of order");'),
  'hangs while it loads': when('open', 'for (;;);'),
};

/** The first `count` Workers run this code before their own. Tells how many Workers there have been. */
async function spoilWorkers(page, code, count) {
  let made = 0;
  await patchWorker(page, '');
  await page.route('**/patch.js', route => {
    made++;
    return route.fulfill({ contentType: 'text/javascript', body: made <= count ? code : '' });
  });
  return () => made;
}

for (const [what, code] of Object.entries(BREAKDOWNS)) {
  test(`a Worker that ${what} is replaced, and the photo is searched all the same`, async ({ page, problems }) => {
    problems.allow(OUT_OF_ORDER);
    await shorten(page, { BEAT });
    const made = await spoilWorkers(page, code, 1);
    await page.goto('/');
    await chooser(page).setInputFiles(picture(CAMERA));
    expect((await shownPaths(page))[0]).toBe(CAMERA);
    await expect(alert(page)).toBeHidden();
    expect(made()).toBe(2);
  });
}

test('a Worker that breaks down twice is told in a sentence, and another photo has another Worker', async ({
  page, problems,
}) => {
  problems.allow(OUT_OF_ORDER);
  const made = await spoilWorkers(page, BREAKDOWNS['throws when it is asked'], 2);
  await openReady(page);
  await chooser(page).setInputFiles(picture(CAMERA));
  await expect(alert(page)).toHaveText(/^The engine's Worker crashed: .*out of order\. Load it again\.$/);
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
  expect(made()).toBe(2);
  await chooser(page).setInputFiles(picture(CAMERA));
  expect((await shownPaths(page))[0]).toBe(CAMERA);
  expect(made()).toBe(3);
});

test('a program is told of a Worker that hangs, in a minute, whatever it waits for', async ({ page }) => {
  await shorten(page, { BEAT });
  await patchWorker(page, when('crop', 'for (;;);'));
  await openBlank(page);
  const asked = `{ window.engine = await HeyBagh.load({ index: 'bundle/' });
    const blob = await (await fetch('/images/${CAMERA}')).blob();
    const all = await Promise.allSettled([engine.search(blob), engine.embed(blob), engine.search(blob)]);
    window.codes = all.map(({ reason }) => reason?.code);
    throw all[0].reason; }`;
  const error = await failure(page, asked);
  expect(error).toMatchObject({ code: 'crashed', message: expect.stringMatching('it did not answer for') });
  expect(await page.evaluate(() => window.codes)).toEqual(['crashed', 'crashed', 'crashed']);
});

test('a Worker that is at work for long, and answers in between, is not given up', async ({ page }) => {
  await shorten(page, { BEAT });
  const work = `const end = performance.now() + ${2 * BEAT}; while (performance.now() < end);`;
  const made = await spoilWorkers(page, when('crop', work), 1);
  await delayLists(page, 8 * BEAT);
  await openReady(page);
  await chooser(page).setInputFiles(picture(CAMERA));
  expect((await shownPaths(page))[0]).toBe(CAMERA);
  expect(made()).toBe(1);
});

/** Lists come late, while the Worker has nothing to do but to answer that it is there. */
async function delayLists(page, ms) {
  let over = null;
  await page.route('**/lists-*', async route => {
    over ??= new Promise(resolve => setTimeout(resolve, ms));
    await over;
    await route.continue();
  });
}

test('engine modules that do not come are told in a minute', async ({ page }) => {
  await page.route('**/ui/search.js', async route => {
    const response = await route.fetch();
    const body = (await response.text()).replace('MODULES = 60_000', 'MODULES = 1_000');
    await route.fulfill({ response, body });
  });
  let release;
  const held = new Promise(resolve => { release = resolve; });
  await page.route('**/heybagh.js', async route => {
    await held;
    await route.continue();
  });
  await page.goto('/');
  await expect(alert(page)).toHaveText(
    "The engine's modules could not be downloaded: they did not arrive within 1 s. "
    + 'Check the connection and try again.');
  release();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(status(page)).toContainText('Ready to search');
});

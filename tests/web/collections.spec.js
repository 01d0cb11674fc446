// Collections as people have them: folders without sub-folders, and the same picture several times.

import { serveCollection, OWN } from './collections.js';
import { chooser, expect, openEngine, picture, results, shoot, status, test } from './support.js';
import { audit } from './audit.js';
import { openWidget } from './widget.js';

const LOTUS = 'lotus/image_0020.jpg';
const CAMERA = 'camera/image_0003.jpg';
const WATCH = 'watch/image_0100.jpg';
const ANCHOR = 'anchor/image_0001.jpg';

/* ---- No labels ---- */

const FLAT = { 'IMG_0001.jpg': LOTUS, 'camera <b>#1.jpg': CAMERA, 'ümläut 3.jpg': WATCH, '_.jpg': ANCHOR };
const MIXED = { 'IMG_0001.jpg': LOTUS, 'old_cameras/deep/a.jpg': CAMERA, 'watches/b.jpg': WATCH };

/** What is shown of each result, to the eye and to a screen reader. */
const shown = page => results(page).evaluateAll(tiles => tiles.map(tile => ({
  path: tile.dataset.path,
  text: tile.querySelector('.label').textContent,
  look: getComputedStyle(tile.querySelector('.label'), '::first-letter').textTransform,
  link: decodeURIComponent(tile.querySelector('a').pathname),
  alt: tile.querySelector('img').alt,
  button: tile.querySelector('button').getAttribute('aria-label'),
})));

test('in a flat folder every picture has a name, a link and a name for those who cannot see it', async ({ page, problems }, info) => {
  problems.allow(/Failed to load resource/); // an icon for the picture that is opened
  const place = await serveCollection(page, info, FLAT);
  await openWidget(page, OWN);
  await chooser(page).setInputFiles(place('IMG_0001.jpg'));
  await expect(results(page)).toHaveCount(4);
  const tiles = await shown(page);
  expect(tiles.map(({ path }) => path).sort()).toEqual(Object.keys(FLAT).sort());
  expect(tiles[0].path).toBe('IMG_0001.jpg');
  for (const [i, { path, text, look, link, alt, button }] of tiles.entries()) {
    expect(text).toBe(path);
    expect(look, 'a file is called as it is').toBe('none');
    expect(link).toBe(`/own/images/${path}`);
    expect(alt).toBe(`Rank ${i + 1}: ${path}`);
    expect(button).toBe(`Rank ${i + 1}: ${path}. Search with it.`);
  }
  await shoot(page, 'flat');
  const link = results(page).first().getByRole('link', { name: 'IMG_0001.jpg' });
  const [opened] = await Promise.all([page.waitForEvent('popup'), link.click()]);
  await expect.poll(() => opened.url()).toMatch(/\/own\/images\/IMG_0001\.jpg$/);
  await opened.close();
  expect(await audit(page)).toEqual([]);
});

test('labels are not offered where there are none', async ({ page }, info) => {
  await serveCollection(page, info, FLAT);
  await openWidget(page, OWN);
  await page.getByText('Advanced', { exact: true }).click();
  await expect(page.getByLabel('Results')).toBeVisible();
  await expect(page.getByLabel('Label')).toBeHidden();
});

test('a picture without a label is called by its file among others that have one', async ({ page }, info) => {
  const place = await serveCollection(page, info, MIXED);
  await openWidget(page, OWN);
  await chooser(page).setInputFiles(place('old_cameras/deep/a.jpg'));
  await expect(results(page)).toHaveCount(3);
  const names = Object.fromEntries((await shown(page)).map(({ path, text, alt }) => [path, [text, alt.replace(/^Rank \d: /, '')]]));
  expect(names).toEqual({
    'IMG_0001.jpg': ['IMG_0001.jpg', 'IMG_0001.jpg'], 'old_cameras/deep/a.jpg': ['old cameras', 'old cameras'],
    'watches/b.jpg': ['watches', 'watches'],
  });
  await page.getByText('Advanced', { exact: true }).click();
  expect(await page.getByLabel('Label').locator('option').allTextContents()).toEqual(['All labels', 'old cameras', 'watches']);
});

test('several photos of a flat folder are named in their tray, and a missing picture in its place', async ({ page, problems }, info) => {
  problems.allow(/Failed to load resource/);
  const place = await serveCollection(page, info, FLAT);
  await openWidget(page, OWN);
  await page.route('**/own/images/IMG_0001.jpg', route => route.fulfill({ status: 404 }));
  await chooser(page).setInputFiles(['IMG_0001.jpg', '_.jpg'].map(place));
  await expect(page.locator('.tray-head span')).toHaveText('2 of 2 photos searched.');
  const names = await page.locator('.tray-list li span').allTextContents();
  expect(names.sort()).toEqual(['IMG_0001.jpg', '_.jpg']);
  await page.locator('.tray-list button').nth(names[0] === '_.jpg' ? 1 : 0).click();
  await expect(results(page).locator('.missing')).toHaveText('IMG_0001.jpg');
});

test('a look of the page\'s own has the name, too', async ({ page }, info) => {
  const place = await serveCollection(page, info, MIXED);
  await openWidget(page, OWN.replace('></', `><template slot="result"><a data-field="link"><img data-field="image"></a>
    <b data-field="name"></b><i data-field="label"></i><u data-field="copies"></u></template></`));
  await chooser(page).setInputFiles(place('IMG_0001.jpg'));
  await expect(results(page)).toHaveCount(3);
  const first = results(page).first();
  await expect(first.getByRole('link', { name: '1: IMG_0001.jpg' })).toHaveAttribute('href', /\/own\/images\/IMG_0001\.jpg$/);
  await expect(first.locator('b')).toHaveText('IMG_0001.jpg');
  await expect(first.locator('i')).toBeEmpty();
  await expect(first.locator('u')).toBeEmpty();
});

/* ---- The same picture several times ---- */

const COPIES = {
  'a/1.jpg': LOTUS, 'a/2.jpg': LOTUS, 'b/3.jpg': LOTUS, 'b/4.jpg': LOTUS, 'b/5.jpg': LOTUS, 'c/6.jpg': CAMERA, 'c/7.jpg': CAMERA,
  'd/8.jpg': WATCH, 'd/9.jpg': ANCHOR,
};
const counts = page => results(page).evaluateAll(tiles => tiles.map(({ dataset }) => dataset.copies));

test('equal pictures are shown once, with how many more there are', async ({ page }, info) => {
  await serveCollection(page, info, COPIES);
  await openWidget(page, OWN);
  await chooser(page).setInputFiles(picture(LOTUS));
  await expect(results(page)).toHaveCount(4);
  const paths = await results(page).evaluateAll(tiles => tiles.map(({ dataset }) => dataset.path));
  expect(paths[0]).toBe('a/1.jpg');
  expect(new Set(paths.map(path => COPIES[path])).size).toBe(4);
  const first = results(page).first();
  await expect(first.locator('.copies')).toHaveText('+4');
  await expect(first.getByRole('button')).toHaveAccessibleName('Rank 1: a. Search with it. There are 4 more files with this picture.');
  const camera = results(page).nth(paths.findIndex(path => COPIES[path] === CAMERA));
  await expect(camera.getByRole('button')).toHaveAccessibleName(/There is 1 more file with this picture\.$/);
  expect((await counts(page)).sort()).toEqual(['0', '0', '1', '4']);
  expect(await results(page).locator('.copies').count()).toBe(2);
  await shoot(page, 'equal');
  expect(await audit(page)).toEqual([]);
});

test('with "duplicates" each is shown by itself', async ({ page }, info) => {
  await serveCollection(page, info, COPIES);
  await openWidget(page, OWN.replace(' loading', ' duplicates loading'));
  await chooser(page).setInputFiles(picture(LOTUS));
  await expect(results(page)).toHaveCount(4);
  expect(await counts(page)).toEqual(['0', '0', '0', '0']);
  await page.evaluate(() => { document.querySelector('heybagh-search').duplicates = false; });
  await chooser(page).setInputFiles(picture(LOTUS));
  await expect.poll(() => counts(page)).toEqual(expect.arrayContaining(['4']));
});

test('the settings that people choose keep equal pictures together', async ({ page }, info) => {
  await serveCollection(page, info, COPIES);
  await openWidget(page, OWN);
  await chooser(page).setInputFiles(picture(LOTUS));
  await expect(results(page)).toHaveCount(4);
  await page.getByText('Advanced', { exact: true }).click();
  await page.getByLabel('Label').selectOption('b');
  await expect.poll(() => counts(page)).toEqual(['2']);
  await expect(status(page)).toContainText('Searched');
});

test('a program chooses by "distinct"', async ({ page }, info) => {
  await serveCollection(page, info, COPIES);
  await openEngine(page, { index: '/own/bundle/' });
  const search = options => page.evaluate(async given => {
    const { results: found } = await engine.search('/own/images/a/1.jpg', given);
    return found.map(({ path, copies }) => [path, copies]);
  }, options);
  expect((await search({ k: 5 })).map(([path, copies]) => [COPIES[path], copies])).toEqual(Array(5).fill([LOTUS, undefined]));
  const distinct = await search({ k: 5, distinct: true });
  expect(distinct).toHaveLength(4);
  expect(distinct[0]).toEqual(['a/1.jpg', 4]);
  await expect(search({ distinct: 'yes' })).rejects.toThrow('distinct must be true or false.');
});

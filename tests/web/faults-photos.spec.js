// Photos that come all at once, and addresses whose servers misbehave.

import { readFileSync } from 'node:fs';
import { endless, shorter, stalled, stalledMidway, test as hosted, webPage } from './misbehaving.js';
import { alert, chooser, expect, openReady, picture, results, shoot, shownPaths, spread, test } from './support.js';
import { holdLists } from './states.js';

const COUNT = 30;
const label = path => path.split('/')[0].replaceAll('_', ' ');
const tray = page => page.locator('.tray');
const items = page => tray(page).locator('li');

/** Drops photos, each newer than the one before; `spoiled` are no pictures. */
async function drop(page, paths, spoiled = []) {
  const files = paths.map((path, i) => ({
    name: path, modified: i, data: spoiled.includes(path) ? btoa('no picture') : readFileSync(picture(path), 'base64'),
  }));
  const dataTransfer = await page.evaluateHandle(given => {
    const transfer = new DataTransfer();
    for (const { name, modified, data } of given) {
      const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type: 'image/jpeg', lastModified: 1e12 + modified }));
    }
    return transfer;
  }, files);
  await page.locator('.drop').dispatchEvent('drop', { dataTransfer });
}

/** Notes in the page which photos are searched, by their place in the tray, in `window.order`. */
const watchOrder = page => page.evaluate(() => {
  window.order = [];
  new MutationObserver(changes => {
    for (const { target } of changes) {
      if (target.matches('.tray li') && target.getAttribute('aria-busy') === 'true') {
        window.order.push([...target.parentNode.children].indexOf(target));
      }
    }
  }).observe(document.body, { subtree: true, attributeFilter: ['aria-busy'] });
});

test('of 30 photos dropped at once the newest is answered, and all are searched, the newest first', async ({
  page,
}) => {
  const paths = spread(COUNT);
  await openReady(page);
  await watchOrder(page);
  await drop(page, paths);
  await expect(items(page)).toHaveCount(COUNT);
  expect((await shownPaths(page))[0]).toBe(paths.at(-1));
  await expect(tray(page)).toContainText(`${COUNT} of ${COUNT} photos searched.`);
  expect(await items(page).locator('span').allTextContents()).toEqual(paths.map(label).reverse());
  expect(await page.evaluate(() => window.order)).toEqual([...Array(COUNT).keys()]);
  await expect(page.getByRole('button', { name: 'Stop' })).toBeHidden();
  await shoot(page, 'thirty-photos');
  await items(page).nth(3).getByRole('button').click();
  await expect.poll(async () => (await shownPaths(page))[0]).toBe(paths.at(-4));
});

test('30 photos dropped at once can be stopped', async ({ page }) => {
  await openReady(page);
  const release = await holdLists(page);
  await drop(page, spread(COUNT));
  await expect(items(page)).toHaveCount(COUNT);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(items(page), 'the one that is being searched').toHaveCount(1);
  release();
  await expect(tray(page)).toContainText('1 of 1 photos searched.');
  await expect(results(page)).toHaveCount(4);
});

test('photos that are dropped while others wait go before them', async ({ page }) => {
  const [late, ...early] = spread(8);
  await openReady(page);
  const release = await holdLists(page);
  await drop(page, early);
  await expect(items(page)).toHaveCount(early.length);
  await watchOrder(page);
  await drop(page, [early[0], late]);
  await expect(items(page)).toHaveCount(early.length + 2);
  release();
  await expect(tray(page)).toContainText('9 of 9 photos searched.');
  expect(await page.evaluate(() => window.order)).toEqual([0, 1, 3, 4, 5, 6, 7, 8]); // 2 was under way
  expect((await shownPaths(page))[0]).toBe(late);
});

test('what is no picture among several photos says so in its place, and the others go on', async ({ page }) => {
  const paths = spread(4);
  await openReady(page);
  await drop(page, paths, [paths[1]]);
  await expect(tray(page)).toContainText('4 of 4 photos searched.');
  const [third, second, first, zeroth] = await items(page).locator('span').allTextContents();
  expect([third, second, zeroth]).toEqual([paths[3], paths[2], paths[0]].map(label));
  expect(first).toMatch(/text, not a picture/);
  await expect(alert(page)).toBeHidden();
});

test('several photos can be chosen, too', async ({ page }) => {
  const paths = spread(3);
  await openReady(page);
  await chooser(page).setInputFiles(paths.map(picture));
  await expect(tray(page)).toContainText('3 of 3 photos searched.');
});

hosted('where the engine does not come that is told once, and when it is there, all photos are searched', async ({
  page, host, problems,
}) => {
  problems.allow(/Failed to load resource/);
  const paths = spread(4);
  host.deploy(shorter({ STALL: 1000, BACK_OFF: 50 }));
  host.misbehave(/\.wasm$/, stalled);
  await page.goto('./');
  await page.evaluate(() => {
    window.errors = 0;
    document.addEventListener('heybagh-error', () => window.errors++);
  });
  await drop(page, paths);
  await expect(alert(page)).toHaveText(/could not be downloaded: the connection stalled for 1 s/);
  await expect(items(page)).toHaveCount(4);
  await expect(tray(page)).toContainText('0 of 4 photos searched.');
  expect(await page.evaluate(() => window.errors)).toBe(1);
  host.misbehave();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(tray(page)).toContainText('4 of 4 photos searched.');
  expect((await shownPaths(page))[0]).toBe(paths.at(-1));
  expect(await items(page).locator('span').allTextContents()).toEqual(paths.map(label).reverse());
});

test('where the part for several photos does not come that is told, and the newest is searched', async ({
  page, problems,
}) => {
  problems.allow(/Failed to load resource/);
  const paths = spread(3);
  await page.route('**/tray.js', route => route.abort());
  await openReady(page);
  await drop(page, paths);
  await expect(alert(page)).toHaveText(/^Something went wrong in this page: .*\. Reload it and try again\.$/);
  expect((await shownPaths(page))[0]).toBe(paths.at(-1));
});

/* ---- Addresses ---- */

const BAD = 'images/camera/image_0003.jpg';
const GOOD = 'images/watch/image_0100.jpg';

const NOT_IN_TIME = /^The picture at .* could not be downloaded: the connection stalled for 3 s/;

for (const [what, { fault, says }] of Object.entries({
  'does not answer': { fault: stalled, says: NOT_IN_TIME },
  'stops midway': { fault: stalledMidway, says: NOT_IN_TIME },
  'never ends': { fault: endless, says: /^This file has more than 64 MB; a picture may have up to 64 MB\.$/ },
})) {
  hosted(`a picture whose server ${what} is told in time, and the next one works`, async ({ page, host }) => {
    host.deploy(shorter({ STALL: 3000 }));
    await openReady(page, './');
    host.misbehave(/^images\/camera\/image_0003/, fault);
    await page.evaluate(address => {
      document.querySelector('heybagh-search').search(address).catch(() => {});
    }, BAD);
    await expect(alert(page)).toHaveText(says);
    await page.evaluate(address => document.querySelector('heybagh-search').search(address), GOOD);
    expect((await shownPaths(page))[0]).toBe('watch/image_0100.jpg');
  });
}

hosted('a web page at the address of a picture is called that', async ({ page, host }) => {
  await openReady(page, './');
  host.misbehave(/^images\/camera\/image_0003/, webPage);
  await page.evaluate(address => document.querySelector('heybagh-search').search(address).catch(() => {}), BAD);
  await expect(alert(page)).toHaveText(/^The picture at .* could not be downloaded: there is a web page at http.*; check the address\.$/);
});

hosted('addresses that wait for others of their site have not stalled', async ({ page, host }) => {
  host.deploy(shorter({ STALL: 4000 }));
  await openReady(page, './');
  let running = 0;
  let most = 0;
  host.misbehave(/^images\//, (response, body, kind) => {
    most = Math.max(most, ++running);
    setTimeout(() => {
      running--;
      response.writeHead(200, kind).end(body);
    }, 1200); // four turns of these take more than STALL, and each far less
  });
  const found = await page.evaluate(async paths => {
    const element = document.querySelector('heybagh-search');
    return (await Promise.all(paths.map(path => element.embed(`images/${path}`)))).length;
  }, spread(24));
  expect(found).toBe(24);
  expect(most).toBe(6);
});

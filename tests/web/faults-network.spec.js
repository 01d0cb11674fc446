// Each kind of file, with each thing that a server or the line to it may do to it.

import {
  called, corrupted, cut, dripping, saidLonger, saidShorter, shorter, stalled, stalledMidway, status as answering, test,
  truncated, webPage,
} from './misbehaving.js';
import {
  alert, chooser, expect, manifest, openReady, picture, results, shownPaths, status, MODEL,
} from './support.js';

const CAMERA = 'camera/image_0003.jpg';
const STALL = 3000; // ms, in place of 20 s

const FILES = {
  'the engine': /\.wasm$/,
  'index.json': /index\.json$/,
  'the model': MODEL,
  'the file of centroids': /centroids-/,
  'a list': /lists-/,
};

const NOT_IN_TIME = /could not be downloaded: the connection stalled for 3 s\. Check the connection/;
const BROKEN = /could not be downloaded: the server did not answer or the connection broke\. Check the connection/;
const CUT_SHORT = {
  says: /arrived damaged: \d+ of \d+ bytes\. Try again\./,
  'the engine': /The engine \(heybagh-relaxed\.wasm\) cannot run here: .*\. Reload the page, or try another browser/,
  'index.json': /index\.json cannot be used: it is not JSON/,
};

/** What is done, and what is said of which file. */
const FAULTS = {
  'stalls before its first byte': { fault: stalled, says: NOT_IN_TIME },
  'stalls midway': { fault: stalledMidway, says: NOT_IN_TIME },
  'is cut midway': { fault: cut, says: BROKEN },
  'ends too early': { fault: truncated, ...CUT_SHORT },
  'is called longer than it is': { fault: saidLonger, says: BROKEN },
  'is called shorter than it is': { fault: saidShorter, ...CUT_SHORT },
  'has other bytes': {
    fault: corrupted,
    says: /hash/,
    'the engine': CUT_SHORT['the engine'],
    'index.json': CUT_SHORT['index.json'],
    'the model': /model.*damaged/,
  },
  'is not there (404)': { fault: answering(404), says: /there is nothing at http.*\(404\); check the address\.$/ },
  'is a web page': { fault: webPage, says: /there is a web page at http.*; check the address\.$/ },
  'meets a broken server (500)': {
    fault: answering(500), says: /the server has a problem \(500\); try again later\.$/,
  },
};

/** What does no harm: the model's length is known, and that it is whole is seen from its hash. */
const HARMLESS = { 'is called longer than it is': ['the model'] };

/** What happens to them once is told: the same request would be answered alike. */
const TOLD_AT_ONCE = {
  'is a web page': ['the engine', 'index.json', 'the model'],
  'is not there (404)': ['the engine', 'index.json', 'the model'],
  'has other bytes': ['index.json'],
  'ends too early': ['index.json'],
  'is called shorter than it is': ['index.json'],
};

test.beforeEach(({ host, problems }) => {
  problems.allow(/Failed to load resource/);
  host.deploy(shorter({ STALL, BACK_OFF: 50 }));
});

const search = page => chooser(page).setInputFiles(picture(CAMERA));

/** Something that needs the file is begun. */
async function begin(page, host, file, fault) {
  if (file !== 'a list') {
    host.misbehave(FILES[file], fault);
    return page.goto('./');
  }
  await openReady(page, './');
  host.misbehave(FILES[file], fault);
  return search(page);
}

for (const file of Object.keys(FILES)) {
  for (const [what, { fault, says, ...own }] of Object.entries(FAULTS)) {
    if (HARMLESS[what]?.includes(file)) continue;
    test(`${file} that ${what} is told in time, and trying again works`, async ({ page, host }) => {
      await begin(page, host, file, fault);
      await expect(alert(page)).toHaveText(own[file] ?? says);
      await expect(results(page)).toHaveCount(0);
      const isToldAtOnce = TOLD_AT_ONCE[what]?.includes(file);
      host.misbehave(FILES[file], fault, isToldAtOnce ? 0 : 1);
      if (file === 'a list') {
        await search(page);
      } else {
        await page.getByRole('button', { name: 'Try again' }).click();
        await expect(status(page)).toContainText('Ready to search');
        await search(page);
      }
      expect((await shownPaths(page))[0]).toBe(CAMERA);
      await expect(alert(page)).toBeHidden();
    });
  }
}

test('a model that is called longer than it is, or whose end breaks, is taken: all of it came', async ({ page, host }) => {
  host.misbehave(MODEL, saidLonger);
  await openReady(page, './');
  expect(ranges(host)).toEqual(['whole']);
  await search(page);
  expect((await shownPaths(page))[0]).toBe(CAMERA);
});

test('wrong MIME types of all that the program reads itself do no harm', async ({ page, host }) => {
  for (const type of ['text/html', 'image/png']) {
    host.misbehave(/\.(wasm|json|safetensors|bin)/, called(type));
    await openReady(page, './');
    await search(page);
    expect((await shownPaths(page))[0]).toBe(CAMERA);
    await page.evaluate(async () => Promise.all((await caches.keys()).map(name => caches.delete(name))));
  }
});

test('a model that is slow for longer than the limit is waited for, as it goes on', async ({ page, host }) => {
  const began = performance.now();
  host.misbehave(MODEL, dripping(manifest().model.bytes / 20, STALL / 5));
  await openReady(page, './');
  expect(performance.now() - began).toBeGreaterThan(3 * STALL);
  expect(host.asked.filter(name => MODEL.test(name)), 'one request').toHaveLength(1);
});

test('a server that lets single bytes drip is not waited for', async ({ page, host }) => {
  host.misbehave(MODEL, dripping(1, 100));
  await page.goto('./');
  await expect(alert(page)).toHaveText(NOT_IN_TIME);
});

/* ---- The model goes on where it broke ---- */

const ranges = ({ requests }) => requests.filter(({ path }) => MODEL.test(path))
  .map(({ headers }) => headers.range ?? 'whole');

test('a model whose connection is cut is resumed by Range, and is the same', async ({ page, host }) => {
  host.misbehave(MODEL, cut, 1);
  await openReady(page, './');
  const [first, second, ...more] = ranges(host);
  expect([first, more]).toEqual(['whole', []]);
  const [, from] = /^bytes=(\d+)-$/.exec(second);
  expect(Number(from)).toBeGreaterThan(manifest().model.bytes / 4);
  await expect(page.getByRole('progressbar')).toBeHidden();
  await search(page);
  expect((await shownPaths(page))[0]).toBe(CAMERA);
});

test('a model of another index is asked for anew, past what caches have', async ({ page, host }) => {
  const { id } = manifest().model;
  let times = 0;
  host.misbehave(MODEL, (response, body, kind) => {
    const other = Buffer.from(body.toString('latin1').replace(id, id.replace(/./g, c => (c === '0' ? '1' : '0'))), 'latin1');
    response.writeHead(200, kind).end(times++ === 0 ? other : body);
  });
  await openReady(page, './');
  expect(times).toBe(2);
  await search(page);
  expect((await shownPaths(page))[0]).toBe(CAMERA);
});

test('where a server knows no ranges, what has come already is skipped', async ({ page, host }) => {
  let times = 0;
  host.misbehave(MODEL, (response, body, kind) => {
    if (times++ === 0) cut(response, body, kind);
    else response.writeHead(200, kind).end(body);
  });
  await openReady(page, './');
  expect(ranges(host)).toHaveLength(2);
  await search(page);
  expect((await shownPaths(page))[0]).toBe(CAMERA);
});

test('a model of which the second half is another is noticed, and asked for anew', async ({ page, host }) => {
  let times = 0;
  host.misbehave(MODEL, (response, body, kind) => {
    times++;
    if (times === 1) cut(response, body, kind);
    else response.writeHead(200, kind).end(times === 2 ? Buffer.alloc(body.length, 1) : body);
  });
  await openReady(page, './');
  expect(times).toBe(3);
  await search(page);
  expect((await shownPaths(page))[0]).toBe(CAMERA);
});

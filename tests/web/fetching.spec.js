// Parts of the index on their way: in which order they come, what is known meanwhile, what happens when one does not.

import { readFileSync } from 'node:fs';
import {
  expect, failure, indexFiles, manifest, openEngine, patchWorker, picture, search, spread, test,
  NO_CACHE, SITE,
} from './support.js';

const PHOTO = 'brontosaurus/image_0006.jpg';
const bytes = readFileSync(picture(PHOTO));
const LISTS = '**/lists-*';

const fileName = request => new URL(request.url()).pathname.split('/').pop();

/** Collects the names of shards as they are asked for. */
function watchShards(page) {
  const asked = [];
  page.on('request', request => {
    if (indexFiles().shards.includes(fileName(request))) asked.push(fileName(request));
  });
  return asked;
}

/** The engine in a page where all that is not in memory comes over the network. */
async function openUncached(page, options) {
  await patchWorker(page, NO_CACHE);
  await openEngine(page, options);
}

/** The shards of a search, that of the nearest list first: every further list that is searched adds at most one. */
async function shardsByDistance(page) {
  const asked = watchShards(page);
  await page.evaluate(async data => { window.vector = await engine.embed(file(data)); }, bytes.toString('base64'));
  const order = [];
  for (let nprobe = 1; nprobe <= manifest().nprobe; nprobe++) {
    asked.length = 0;
    await page.evaluate(lists => engine.search(window.vector, { nprobe: lists }), nprobe);
    order.push(...asked.filter(name => !order.includes(name)));
  }
  return order;
}

let learned;

/** What every test here wants to know: the answer to PHOTO if nothing goes wrong, and its shards, the nearest first. */
async function learn(context) {
  if (learned) return learned;
  const page = await context.newPage();
  await openUncached(page, { memory: 0 });
  const shards = await shardsByDistance(page);
  const { results, nprobe, scanned } = await search(page, bytes);
  await page.close();
  learned = { shards, answer: { results, nprobe, scanned } };
  return learned;
}

test('shards are asked for in the order of their distance', async ({ page, context }) => {
  const { shards } = await learn(context);
  expect(shards.length).toBeGreaterThan(3);
  await openUncached(page);
  const asked = watchShards(page);
  await search(page, bytes);
  expect(asked).toEqual(shards);
});

test('no more than six downloads run at a time', async ({ page }) => {
  await openUncached(page);
  let running = 0;
  let most = 0;
  await page.route(LISTS, async route => {
    most = Math.max(most, ++running);
    await new Promise(resolve => setTimeout(resolve, 20));
    running--;
    await route.continue();
  });
  await search(page, bytes, { exact: true });
  expect(most).toBe(6);
});

test('the first answer comes with the nearest shard, and better ones until the last', { tag: '@quick' }, async ({ page, context }) => {
  const { shards: [nearest], answer } = await learn(context);
  await openUncached(page);
  const releases = [];
  await page.route(LISTS, async route => {
    if (fileName(route.request()) !== nearest) await new Promise(resolve => releases.push(resolve));
    await route.continue();
  });
  await page.evaluate(data => {
    window.early = [];
    window.final = engine.search(file(data), { onResults: found => window.early.push(found) });
  }, bytes.toString('base64'));
  await page.waitForFunction(() => window.early.length > 0);
  const [first] = await page.evaluate(() => window.early);
  expect(first).toMatchObject({ complete: false, planned: answer.nprobe });
  expect(first.results[0]).toEqual(answer.results[0]);
  expect(first.nprobe).toBeLessThan(first.planned);
  expect(first.scanned).toBeLessThan(answer.scanned);

  const interval = setInterval(() => releases.shift()?.(), 20);
  expect(await page.evaluate(() => window.final)).toMatchObject(answer);
  clearInterval(interval);
  const early = await page.evaluate(() => window.early);
  expect(early.length).toBeGreaterThan(1);
  for (const [i, { nprobe, complete }] of early.entries()) {
    expect(complete).toBe(false);
    if (i > 0) expect(nprobe).toBeGreaterThan(early[i - 1].nprobe);
  }

  await page.evaluate(async data => {
    window.early = [];
    await engine.search(file(data), { onResults: found => window.early.push(found) });
  }, bytes.toString('base64'));
  expect(await page.evaluate(() => window.early), 'when all is there, there is only one answer').toEqual([]);
});

for (const memory of [0, 2 ** 25]) {
  test(`no answer comes before the nearest shard, with a memory of ${memory} bytes`, async ({ page, context }) => {
    const { shards: [nearest], answer } = await learn(context);
    await openUncached(page, { memory });
    let release;
    await page.route(`**/${nearest}`, async route => {
      await new Promise(resolve => { release = resolve; });
      await route.continue();
    });
    await page.evaluate(data => {
      window.early = [];
      window.final = engine.search(file(data), { onResults: found => window.early.push(found) });
    }, bytes.toString('base64'));
    await expect.poll(() => release).toBeTruthy();
    await page.waitForTimeout(500); // for all others to arrive
    expect(await page.evaluate(() => window.early)).toEqual([]);
    release();
    expect(await page.evaluate(() => window.final)).toMatchObject(answer);
  });
}

test('searches that wait for shards do not mix, and do not stop others', async ({ page, context }) => {
  const photos = spread(12);
  const data = photos.map(path => readFileSync(picture(path), 'base64'));
  const calm = await context.newPage();
  await openEngine(calm);
  const expected = [];
  for (const path of photos) expected.push(await search(calm, readFileSync(picture(path))));

  await openUncached(page);
  await page.route(LISTS, async route => {
    await new Promise(resolve => setTimeout(resolve, 10 + Math.random() * 60));
    await route.continue();
  });
  const answers = await page.evaluate(all => Promise.all(all.map(one => engine.search(file(one)))), data);
  for (const [i, { results, nprobe, scanned }] of expected.entries()) {
    expect(answers[i]).toMatchObject({ results, nprobe, scanned });
  }

  // All that this photo needs is in memory: it is answered while another waits.
  await page.unrouteAll();
  let release;
  const held = new Promise(resolve => { release = resolve; });
  await page.route(LISTS, async route => {
    await held;
    await route.continue();
  });
  await page.evaluate(() => {
    window.waiting = true;
    engine.search(new Float32Array(engine.info().dim).fill(1), { exact: true }).then(() => { window.waiting = false; });
  });
  expect(await search(page, readFileSync(picture(photos[3])))).toMatchObject({ results: expected[3].results });
  expect(await page.evaluate(() => window.waiting)).toBe(true);
  release();
  await page.waitForFunction(() => !window.waiting);
});

/** Bodies and statuses that a shard may arrive with, and what is said if it happens twice. */
const DAMAGES = {
  'is missing': { code: 'download-failed', says: /404/, respond: { status: 404, body: 'no' } },
  'has a flipped byte': {
    code: 'bad-index', says: /hash/, spoil: body => { body[body.length >> 1] ^= 1; return body; },
  },
  'is cut short': { code: 'bad-download', says: /damaged/, spoil: body => body.subarray(0, body.length - 1) },
  'is too long': { code: 'bad-download', says: /damaged/, spoil: body => Buffer.concat([body, Buffer.of(0)]) },
  'does not arrive': { code: 'download-failed', says: /connection/, abort: true },
};

/** Spoils a shard the first `times` times; tells what was asked. */
async function spoilShard(page, name, { respond, spoil, abort }, times) {
  const asked = [];
  await page.route(`**/${name}`, async route => {
    asked.push(name);
    if (asked.length > times) return route.continue();
    if (abort) return route.abort();
    return route.fulfill(respond ?? { body: spoil(readFileSync(`${SITE}/bundle/${name}`)) });
  });
  return asked;
}

for (const [what, damage] of Object.entries(DAMAGES)) {
  test(`a shard that ${what} is asked for once more, then an error names it`, async ({ page, context, problems }) => {
    problems.allow(/Failed to load resource/);
    const { shards, answer } = await learn(context);
    const name = shards[1];
    await openUncached(page, { memory: 0 });

    const once = await spoilShard(page, name, damage, 1);
    const repaired = await search(page, bytes);
    expect(repaired).toMatchObject(answer);
    expect(once).toHaveLength(2);
    expect(repaired.requests).toBe(shards.length + 1);

    await page.unrouteAll();
    const always = await spoilShard(page, name, damage, Infinity);
    const error = await failure(page, `engine.search(file("${bytes.toString('base64')}"))`);
    expect(error).toMatchObject({ name: 'HeyBaghError', code: damage.code });
    expect(error.message).toContain(name);
    expect(error.message).toMatch(damage.says);
    expect(always).toHaveLength(2);

    await page.unrouteAll();
    expect(await search(page, bytes), 'the engine goes on').toMatchObject(answer);
  });
}

test('a search that waits for a shard of another asks for it itself if that one gives up', async ({
  page, context, problems,
}) => {
  problems.allow(/Failed to load resource/);
  const { shards: [nearest, other], answer } = await learn(context);
  await openUncached(page);
  let giveUp;
  const given = new Promise(resolve => { giveUp = resolve; });
  const asked = [];
  await page.route(`**/${nearest}`, async route => {
    asked.push(nearest);
    if (asked.length > 2) return route.continue();
    if (asked.length === 2) await given;
    return route.fulfill({ status: 500, body: 'no' });
  });
  await page.evaluate(data => {
    window.first = engine.search(file(data), { nprobe: 1 }).catch(({ code }) => code);
  }, bytes.toString('base64'));
  await expect.poll(() => asked.length).toBe(2);
  const joined = page.waitForRequest(`**/${other}`);
  await page.evaluate(data => { window.second = engine.search(file(data)); }, bytes.toString('base64'));
  await joined;
  giveUp();
  expect(await page.evaluate(() => window.first)).toBe('download-failed');
  expect(await page.evaluate(() => window.second)).toMatchObject(answer);
  expect(asked).toHaveLength(3);
});

test('a second try does not trust what the HTTP cache holds', async ({ page, context, problems }) => {
  problems.allow(/Failed to load resource/);
  const { shards: [nearest] } = await learn(context);
  await patchWorker(page, `${NO_CACHE}
    const real = self.fetch;
    self.fetch = (url, options) => {
      console.info('fetch', new URL(url).pathname.split('/').pop(), options?.cache ?? 'default');
      return real(url, options);
    };`);
  const modes = [];
  page.on('console', message => {
    const [, name, mode] = message.text().split(' ');
    if (name === nearest) modes.push(mode);
  });
  await openEngine(page);
  await spoilShard(page, nearest, DAMAGES['has a flipped byte'], 1);
  await search(page, bytes);
  await expect.poll(() => modes).toEqual(['default', 'reload']);
});

test('a bundle of a later version or of another model is refused', async ({ page }) => {
  const refused = {
    'bad-index': { says: /format 2/, change: index => { index.version = 2; } },
    'model-mismatch': { says: /model/, change: index => { index.model.id = 'f'.repeat(64); } },
  };
  await openEngine(page);
  for (const [code, { says, change }] of Object.entries(refused)) {
    const json = manifest();
    change(json);
    await page.route('**/index.json', route => route.fulfill({ json }));
    const error = await failure(page, 'HeyBagh.load({ index: "bundle/" })');
    expect(error).toMatchObject({ name: 'HeyBaghError', code });
    expect(error.message).toMatch(says);
  }
});

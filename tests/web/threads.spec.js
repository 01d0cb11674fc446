// Threads: used where the page may share memory, and missed nowhere else.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '../bench/server.mjs';
import { embed, expect, openEngine, openEngineAsVisitor, picture, spread, test, SITE } from './support.js';

/** A server that lets pages share memory. Files are replaced there, since no route reaches a Worker's Workers. */
const isolated = test.extend({
  replaced: [{}, { option: true }], // path on the site: script, or null for no file
  baseURL: async ({ replaced }, use, testInfo) => {
    const roots = [['/', `${SITE}/`], ['/favicon.ico', join(SITE, 'favicon.svg')]];
    for (const [path, script] of Object.entries(replaced)) {
      const file = testInfo.outputPath(path.replaceAll('/', '_'));
      if (script !== null) writeFileSync(file, script);
      roots.push([path, file]);
    }
    const server = await serve(roots, { isolated: true });
    await use(server.address);
    server.close();
  },
});

const builds = [['relaxed-simd', 'heybagh-relaxed'], ['simd', 'heybagh-simd']];
const [tiny] = spread(1);
const info = page => page.evaluate(() => engine.info());

/** Helpers come by themselves; the engine tells with its answers. */
async function expectThreads(page, count) {
  await expect.poll(async () => {
    await embed(page, readFileSync(picture(tiny)));
    return (await info(page)).threads;
  }).toBe(count);
}

for (const [simd, name] of builds) {
  isolated(`${simd}: several threads embed to the same bits as one`, async ({ page, context }) => {
    await openEngineAsVisitor(page, { simd });
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    const cores = await page.evaluate(() => navigator.hardwareConcurrency);
    expect(cores, 'this test needs two processors').toBeGreaterThan(1);
    expect(await info(page)).toMatchObject({ simd, build: `${name}-threads.wasm` });
    await expectThreads(page, Math.min(4, cores));

    const alone = await context.newPage();
    await openEngineAsVisitor(alone, { simd, threads: 1 });
    expect(await info(alone)).toMatchObject({ simd, build: `${name}.wasm`, threads: 1 });
    for (const path of spread(20)) {
      const bytes = readFileSync(picture(path));
      const vector = await embed(page, bytes);
      expect(vector).toEqual(await embed(alone, bytes));
      expect(vector.some(number => number !== 0)).toBe(true);
    }
  });
}

isolated.describe(() => {
  isolated.use({ replaced: {
    '/page/compile-wasm.js': `Object.defineProperty(navigator, 'hardwareConcurrency', { value: 16 });
      ${readFileSync(join(SITE, 'page/compile-wasm.js'), 'utf8')}`,
  } });

  isolated('more threads than processors find the same, and at most four are used', async ({ page, context }) => {
    await openEngineAsVisitor(page, { threads: 9 });
    await expectThreads(page, 4);
    const alone = await context.newPage();
    await openEngineAsVisitor(alone, { threads: 1 });
    for (const path of spread(5)) {
      const bytes = readFileSync(picture(path));
      expect(await embed(page, bytes)).toEqual(await embed(alone, bytes));
    }
  });
});

isolated.describe(() => {
  isolated.use({ replaced: { '/helper.js': null } });

  isolated('helpers that cannot start are not missed', async ({ page, problems }) => {
    problems.allow(/404/);
    await openEngineAsVisitor(page);
    for (let i = 0; i < 5; i++) expect(await embed(page, readFileSync(picture(tiny)))).not.toEqual([]);
    expect(await info(page)).toMatchObject({ threads: 1, build: 'heybagh-relaxed-threads.wasm' });
  });
});

isolated.describe(() => {
  isolated.use({ replaced: { '/heybagh-relaxed-threads.wasm': null } });

  isolated('a site without the builds for threads works without', async ({ page, problems }) => {
    problems.allow(/404/);
    await openEngineAsVisitor(page);
    expect(await embed(page, readFileSync(picture(tiny)))).not.toEqual([]);
    expect(await info(page)).toMatchObject({ threads: 1, build: 'heybagh-relaxed.wasm' });
  });
});

test('a page that may not share memory does not ask for threads', async ({ page }) => {
  const asked = [];
  page.on('request', request => asked.push(new URL(request.url()).pathname));
  await openEngine(page, { threads: 4 });
  expect(await info(page)).toMatchObject({ threads: 1, build: 'heybagh-relaxed.wasm' });
  expect(asked.filter(path => /threads\.wasm|helper/.test(path))).toEqual([]);
});

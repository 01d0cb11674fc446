// <heybagh-search> in pages of other people: nothing heavy before somebody wants it, attributes, events, methods, texts.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  chooser, dataTransfer, embed, expect, holdModel, manifest, openEngine, picture, results, search, shoot, shownPaths,
  status, test, MODEL, ROOT,
} from './support.js';
import { openWidget } from './widget.js';

const CAMERA = 'camera/image_0003.jpg';
const LOTUS = '/images/lotus/image_0020.jpg';
const HEAVY = /\.wasm|safetensors|worker\.js|heybagh\.js|head-|centroids-/;

const widget = page => page.locator('heybagh-search');
const call = (page, script) => page.evaluate(source => eval(`(async element => ${source})`)(
  document.querySelector('heybagh-search')), script);

test('nothing heavy is asked for before somebody is about to search', async ({ page }) => {
  const asked = [];
  page.on('request', request => asked.push(new URL(request.url()).pathname));
  await openWidget(page, '<p>Text.</p><heybagh-search index="/bundle/"></heybagh-search>');
  const { count, model } = manifest();
  await expect(status(page)).toContainText(count.toLocaleString('en'));
  const [, size] = /loads ([\d.]+) MB/.exec(await status(page).textContent());
  expect(Number(size)).toBeGreaterThan(model.bytes / 1e6);
  expect(Number(size)).toBeLessThan(model.bytes / 1e6 + 1);
  expect(asked.filter(path => HEAVY.test(path))).toEqual([]);
  await shoot(page, 'widget-cost');
  await widget(page).hover();
  await expect(status(page)).toContainText('Ready to search');
});

const INTENTS = {
  focus: page => page.keyboard.press('Tab'),
  'a tap': page => widget(page).dispatchEvent('pointerdown'),
  'something dragged over it': async page => widget(page).dispatchEvent('dragenter', {
    dataTransfer: await dataTransfer(page, picture(CAMERA)),
  }),
};

for (const [what, show] of Object.entries(INTENTS)) {
  test(`${what} is reason enough to load`, async ({ page }) => {
    await openWidget(page, '<heybagh-search index="/bundle/"></heybagh-search>');
    await show(page);
    await expect(status(page)).toContainText('Ready to search');
  });
}

test('a photo is answered as the engine answers it, in a shadow root that the page cannot disturb', { tag: '@quick' }, async ({ page, context }) => {
  await openWidget(page, '<heybagh-search index="/bundle/" k="6"></heybagh-search>');
  await chooser(page).setInputFiles(picture(CAMERA));
  await expect(results(page)).toHaveCount(6);
  const shown = await results(page).evaluateAll(items => items.map(({ dataset: { path, label, score } }) =>
    ({ path, label, score: Number(score) })));
  const engine = await context.newPage();
  await openEngine(engine);
  const { results: expected } = await search(engine, readFileSync(picture(CAMERA)), { k: 6 });
  expect(shown).toEqual(expected.map(({ path, label, score }) => ({ path, label, score })));
  expect(await results(page).first().evaluate(item => getComputedStyle(item).color)).not.toBe('rgb(255, 0, 255)');
});

test('events tell what happens, and leave the element', async ({ page }) => {
  await openWidget(page, '<heybagh-search index="/bundle/"></heybagh-search>');
  await page.evaluate(() => {
    window.told = [];
    for (const name of ['ready', 'progress', 'results', 'error']) {
      document.addEventListener(`heybagh-${name}`, ({ detail }) => told.push({ name, detail }));
    }
  });
  await call(page, `element.search('${LOTUS}')`);
  const told = await page.evaluate(() => window.told);
  const names = told.map(({ name }) => name);
  expect([...new Set(names)]).toEqual(['progress', 'ready', 'results']);
  expect(told.find(({ name }) => name === 'ready').detail.count).toBe(manifest().count);
  const answer = told.find(({ name }) => name === 'results').detail;
  expect(answer.results).toHaveLength(4);
  expect(answer.photo).toBe(LOTUS);

  await call(page, `element.search(new File(['no picture'], 'a.jpg')).catch(error => error.code)`);
  expect(await page.evaluate(() => window.told.at(-1))).toMatchObject({ name: 'error', detail: { code: 'unsupported-image' } });
});

test('attributes and properties mirror each other, also those set before the script came', async ({ page }) => {
  await page.route('**/early.html', route => route.fulfill({ contentType: 'text/html', body: `<!doctype html>
    <title>early</title><heybagh-search></heybagh-search><script>
      Object.assign(document.querySelector('heybagh-search'), { index: '/bundle/', k: 7, exact: true });
    </script><script type="module" src="/element.js"></script>` }));
  await page.goto('/early.html');
  await page.waitForFunction(() => document.querySelector('heybagh-search').shadowRoot);
  expect(await call(page, `[element.getAttribute('index'), element.getAttribute('k'), element.hasAttribute('exact')]`))
    .toEqual(['/bundle/', '7', true]);
  expect(await call(page, `(await element.search('${LOTUS}')).results.length`)).toBe(7);
  await call(page, `element.setAttribute('k', '2')`);
  expect(await call(page, `element.k`)).toBe(2);
  expect(await call(page, `(await element.search('${LOTUS}')).results.length`)).toBe(2);
  const { nlist } = manifest();
  expect(await call(page, `(await element.search('${LOTUS}')).nprobe`)).toBe(nlist);
});

test('methods are the engine\'s', async ({ page, context }) => {
  await openWidget(page, '<heybagh-search index="/bundle/"></heybagh-search>');
  expect(await call(page, `element.info()`)).toBe(null);
  const vector = await call(page, `Array.from(await element.embed('/images/${CAMERA}'))`);
  const engine = await context.newPage();
  await openEngine(engine);
  expect(vector).toEqual(await embed(engine, readFileSync(picture(CAMERA))));
  expect(await call(page, `element.info().count`)).toBe(manifest().count);
  expect(await call(page, `(await element.search(new Float32Array(${JSON.stringify(vector)}))).results[0].path`))
    .toBe(CAMERA);
  await call(page, `element.close()`);
  expect(await call(page, `element.info()`)).toBe(null);
  expect(await call(page, `(await element.search('/images/${CAMERA}')).results[0].path`)).toBe(CAMERA);
});

test('several searches of a page share one engine, and a photo goes to the one it is dropped on', async ({ page }) => {
  const asked = [];
  page.on('request', request => asked.push(request.url()));
  const one = '<heybagh-search index="/bundle/" loading="eager"></heybagh-search>';
  await openWidget(page, one + one);
  await expect(status(page).filter({ hasText: 'Ready' })).toHaveCount(2);
  expect(asked.filter(url => MODEL.test(url))).toHaveLength(1);
  const transfer = await dataTransfer(page, picture(CAMERA));
  await widget(page).nth(1).dispatchEvent('drop', { dataTransfer: transfer });
  await expect(widget(page).nth(1).locator('[data-result]')).toHaveCount(4);
  await expect(widget(page).nth(0).locator('[data-result]')).toHaveCount(0);
});

test('an engine that one search frees is loaded again by another that needs it', async ({ page }) => {
  const one = '<heybagh-search index="/bundle/" loading="eager"></heybagh-search>';
  await openWidget(page, one + one);
  await expect(status(page).filter({ hasText: 'Ready' })).toHaveCount(2);
  await page.evaluate(() => document.querySelectorAll('heybagh-search')[1].close());
  expect(await call(page, `(await element.search('/images/${CAMERA}')).results[0].path`)).toBe(CAMERA);
  await expect(widget(page).nth(0).locator('[role=alert]')).toBeHidden();
});

test('an element that is given another index frees the engine of the one before, if nobody else uses it', async ({
  page,
}) => {
  const one = '<heybagh-search index="/bundle/" loading="eager"></heybagh-search>';
  const workersOf = () => page.workers().length;
  await openWidget(page, one + one);
  await expect(status(page).filter({ hasText: 'Ready' })).toHaveCount(2);
  expect(workersOf()).toBe(1);
  const change = (i, index) => page.evaluate(async given => {
    const element = document.querySelectorAll('heybagh-search')[given.i];
    element.index = given.index;
    await element.load();
  }, { i, index });
  await change(0, '/./bundle/');
  expect(workersOf(), 'the other still uses it').toBe(2);
  await change(1, '/./bundle/');
  await expect.poll(workersOf).toBe(1);
  await change(0, '/bundle/');
  await change(1, '/bundle/');
  await expect.poll(workersOf).toBe(1);
});

test('where a language does not come, texts are English', async ({ page, problems }) => {
  problems.allow(/Failed to load resource/);
  for (const spoil of [route => route.abort(), () => {}]) {
    await page.route('**/lang/de.js', spoil);
    await openWidget(page, '<heybagh-search index="/bundle/"></heybagh-search>', 'de');
    await expect(page.getByText('Choose a photo')).toBeVisible();
    await page.unroute('**/lang/de.js');
  }
});

test('texts and numbers are in the language of the page', async ({ page }) => {
  await openWidget(page, '<heybagh-search index="/bundle/"></heybagh-search>', 'de-AT');
  await expect(status(page)).toContainText('Bilder in diesem Tab');
  await chooser(page).setInputFiles(picture(CAMERA));
  await expect(status(page)).toHaveText(/^\d+ von 8\s677 Bildern in [\d\s,]+ ms durchsucht\.$/);
  await expect(results(page).first()).toContainText('1,000');
  await shoot(page, 'widget-de');
});

test('all languages have all texts, with the same values in them, and a sentence for every failure', async ({ page }) => {
  await openWidget(page, '<heybagh-search index="/bundle/"></heybagh-search>');
  const told = readFileSync(join(ROOT, 'web/shared/errors.js'), 'utf8').matchAll(/`([a-z-]+)`/g);
  const codes = [...told].map(([, code]) => code).filter(code => !['code', 'message'].includes(code));
  expect(codes).toContain('bad-index');
  const missing = await page.evaluate(async errors => {
    const { en } = await import('/ui/strings.js');
    const values = text => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort().join();
    const found = [];
    for (const lang of ['de', 'fr']) {
      const { strings } = await import(`/lang/${lang}.js`);
      for (const [key, text] of Object.entries(en)) {
        if (strings[key] === undefined || values(strings[key]) !== values(text)) found.push(`${lang}: ${key}`);
      }
      for (const code of errors) if (!strings[`error ${code}`]) found.push(`${lang}: error ${code}`);
    }
    return found;
  }, codes);
  expect(missing).toEqual([]);
});

test('the page says what stands in the drop zone and how a result looks', async ({ page }) => {
  await openWidget(page, `<heybagh-search index="/bundle/"><b slot="prompt">Show me a plant</b>
    <template slot="result"><figure><img data-field="image"><figcaption data-field="label"></figcaption></figure></template>
    </heybagh-search>`);
  await expect(widget(page).getByText('Show me a plant')).toBeVisible();
  await chooser(page).setInputFiles(picture(CAMERA));
  await shownPaths(page);
  await expect(results(page).first().locator('figcaption')).toHaveText('camera');
  await expect(results(page).first().locator('figure img')).toHaveAttribute('src', /camera/);
});

test('parts and custom properties reach into the search', async ({ page }) => {
  await openWidget(page, `<style>heybagh-search { --heybagh-accent: rgb(1, 2, 3) }
    heybagh-search::part(dropzone) { border-width: 7px }</style><heybagh-search index="/bundle/"></heybagh-search>`);
  const drop = widget(page).locator('.drop');
  expect(await drop.evaluate(element => getComputedStyle(element).borderTopWidth)).toBe('7px');
  expect(await drop.locator('.icon').evaluate(element => getComputedStyle(element).color)).toBe('rgb(1, 2, 3)');
});

test('a label from an index is text, never markup', async ({ page }) => {
  await openWidget(page, '<heybagh-search index="/bundle/"></heybagh-search>');
  await call(page, `element.load()`);
  await page.evaluate(async () => {
    const { HeyBagh } = await import('/heybagh.js');
    const { search: real } = HeyBagh.prototype;
    const spoil = answer => {
      for (const result of answer.results) result.label = '<img src=x onerror="window.broken = true">';
      return answer;
    };
    HeyBagh.prototype.search = async function (image, { onResults, ...options }) {
      return spoil(await real.call(this, image, { ...options, onResults: early => onResults(spoil(early)) }));
    };
  });
  await chooser(page).setInputFiles(picture(CAMERA));
  await expect(results(page)).toHaveCount(4);
  await expect(results(page).first()).toContainText('<img src=x');
  expect(await page.evaluate(() => window.broken)).toBeUndefined();
});

test('a search that was moved keeps its answer, and one that was removed hears nothing', async ({ page }) => {
  await openWidget(page, '<main></main><heybagh-search index="/bundle/"></heybagh-search>');
  await chooser(page).setInputFiles(picture(CAMERA));
  await shownPaths(page);
  await call(page, `document.querySelector('main').append(element)`);
  await expect(results(page)).toHaveCount(4);
  const heard = await call(page, `{
    element.remove();
    await new Promise(resolve => setTimeout(resolve, 50));
    let heard = 0;
    element.addEventListener('heybagh-results', () => heard++);
    document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: new DataTransfer(), bubbles: true }));
    return heard;
  }`);
  expect(heard).toBe(0);
});

const LIGHT = '<heybagh-search light index="/bundle/"></heybagh-search>';

test('without a shadow root, ids are the search\'s own, and labels belong to its own fields', async ({ page }) => {
  await page.route('**/light.html', route => route.fulfill({ contentType: 'text/html', body: `<!doctype html>
    <title>light</title><script type="module" src="/element.js"></script>
    <label for="photo">Photo of the guest</label><input id="photo"><div id="error"></div>${LIGHT}${LIGHT}` }));
  await page.goto('/light.html');
  await expect(page.locator('.heybagh')).toHaveCount(2);
  const again = await page.evaluate(() => { // and when one is made anew
    const [first] = document.querySelectorAll('heybagh-search');
    first.remove();
    return new Promise(resolve => { setTimeout(() => resolve(document.body.append(first))); });
  });
  expect(again).toBeUndefined();
  await expect(page.locator('.heybagh')).toHaveCount(2);
  const { ids, dangling, labelled } = await page.evaluate(() => {
    const all = [...document.querySelectorAll('*')];
    const named = all.flatMap(element => ['for', 'aria-labelledby', 'aria-describedby']
      .flatMap(name => element.getAttribute(name)?.split(' ').map(id => [element, id]) ?? []));
    const home = element => element.closest('heybagh-search');
    return {
      ids: all.map(({ id }) => id).filter(Boolean),
      dangling: named.filter(([element, id]) => home(element) !== home(document.getElementById(id))).map(([, id]) => id),
      labelled: [...document.querySelectorAll('label.drop')].map(label => label.control.type),
    };
  });
  expect(ids).toHaveLength(new Set(ids).size);
  expect(ids.length).toBeGreaterThan(10);
  expect(dangling).toEqual([]);
  expect(labelled).toEqual(['file', 'file']);
  const opened = page.waitForEvent('filechooser');
  await page.locator('.drop').nth(1).click();
  await (await opened).setFiles(picture(CAMERA));
  await expect(widget(page).nth(1).locator('[data-result]')).toHaveCount(4);
});

for (const [method, ...args] of [['load'], ['search', LOTUS], ['embed', LOTUS], ['clear']]) {
  test(`${method} of an element that is in no document says so, and waits for one that is put there at once`, async ({ page }) => {
    await openWidget(page, '<heybagh-search index="/bundle/"></heybagh-search>');
    const said = await page.evaluate(([name, given]) => document.createElement('heybagh-search')[name](...given)
      .then(() => 'done', error => ({ name: error.name, code: error.code, message: error.message })), [method, args]);
    expect(said).toMatchObject({ name: 'HeyBaghError', code: 'invalid-argument' });
    expect(said.message).toBe(`This <heybagh-search> is not in the document. Put it there before you call ${method}().`);
    expect(await page.evaluate(([name, given]) => {
      const element = Object.assign(document.createElement('heybagh-search'), { index: '/bundle/' });
      const calling = element[name](...given);
      document.body.append(element);
      return calling.then(() => 'done', String);
    }, [method, args])).toBe('done');
  });
}

test('info and close of an element that is in no document do nothing', async ({ page }) => {
  await openWidget(page, '<heybagh-search index="/bundle/"></heybagh-search>');
  expect(await page.evaluate(() => {
    const element = document.createElement('heybagh-search');
    return [element.info(), element.close()];
  })).toEqual([null, undefined]);
});

test('where there is no document, the element can be imported, and defines nothing', async () => {
  const element = pathToFileURL(join(ROOT, 'web/element.js')).href;
  for (const before of ['', 'globalThis.HTMLElement = class {};', 'globalThis.customElements = { get() {}, define() { console.log("defined"); } };']) {
    const code = `${before} const { HeyBaghSearchElement } = await import('${element}'); console.log(typeof HeyBaghSearchElement);`;
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
    expect(said.trim().split('\n').at(-1)).toBe('function');
  }
});

test('a photo chosen while it loads is searched when it can be', async ({ page }) => {
  const release = await holdModel(page);
  await openWidget(page, '<heybagh-search index="/bundle/"></heybagh-search>');
  await chooser(page).setInputFiles(picture(CAMERA));
  await expect(status(page)).toContainText('Your photo is next');
  release();
  expect((await shownPaths(page))[0]).toBe(CAMERA);
});

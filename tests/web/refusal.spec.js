// What cannot work is refused in a sentence, and the page goes on.

import { readFileSync } from 'node:fs';
import {
  alert, chooser, expect, indexFiles, manifest, openReady, patchWorker, picture, results, shoot, shownPaths,
  status, test, MODEL,
} from './support.js';

const CAMERA = 'camera/image_0003.jpg';
const jpeg = buffer => ({ name: 'photo.jpg', mimeType: 'image/jpeg', buffer });

async function expectStillWorking(page) {
  await chooser(page).setInputFiles(picture(CAMERA));
  expect((await shownPaths(page))[0]).toBe(CAMERA);
  await expect(alert(page)).toBeHidden();
}

const whole = readFileSync(picture(CAMERA));
const REFUSED = {
  'a text file that is named .jpg': { buffer: Buffer.from('This is no picture.\n'.repeat(50)), says: /text, not a picture/ },
  'a photo that was cut in half': { buffer: whole.subarray(0, whole.length / 2), says: /\w+/ },
  'an empty file': { buffer: Buffer.alloc(0), says: /empty/ },
};

for (const [what, { buffer, says }] of Object.entries(REFUSED)) {
  test(`${what} is refused, and the next photo works`, async ({ page }) => {
    await openReady(page);
    await chooser(page).setInputFiles(jpeg(buffer));
    await expect(alert(page)).toHaveText(says);
    await expect(results(page)).toHaveCount(0);
    await shoot(page, what.replaceAll(' ', '-'));
    await expectStillWorking(page);
  });
}

/** Serves index.json with a change. */
async function changeManifest(page, change) {
  const changed = manifest();
  change(changed);
  await page.route('**/index.json', route => route.fulfill({ json: changed }));
}

const BROKEN = {
  'an index that belongs to another model': {
    says: /model/,
    arrange: page => changeManifest(page, index => { index.model.id = 'f'.repeat(64); }),
  },
  'an index.json that is not JSON': {
    says: /index\.json.*JSON/,
    arrange: page => page.route('**/index.json', route => route.fulfill({ body: 'no JSON' })),
  },
  'an index.json without a model': {
    says: /index\.json.*model/,
    arrange: page => changeManifest(page, index => { delete index.model; }),
  },
  'a model that is said to be as large as no model can be': {
    says: /index\.json.*model\.bytes/,
    arrange: page => changeManifest(page, index => { index.model.bytes = 1e12; }),
  },
  'a file of the index outside its folder': {
    says: /\w+/,
    arrange: page => changeManifest(page, index => { index.files[0].name = '../index.html'; }),
  },
  'a missing model': {
    says: /model.*safetensors.*404/,
    arrange: page => page.route(MODEL, route => route.fulfill({ status: 404, body: 'no' })),
  },
  'a model that arrives cut short': {
    says: /model.*safetensors.*damaged/,
    arrange: page => page.route(MODEL, route => route.fulfill({ body: Buffer.alloc(1000) })),
  },
  'a model that is longer than announced': {
    says: /model.*safetensors.*damaged/,
    arrange: page => changeManifest(page, index => { index.model.bytes = 1000; }),
  },
  'a connection that breaks': {
    says: /model.*safetensors.*connection/,
    arrange: page => page.route(MODEL, route => route.abort()),
  },
  'a missing engine': {
    says: /heybagh-relaxed\.wasm.*404/,
    arrange: page => page.route('**/*.wasm', route => route.fulfill({ status: 404, body: 'no' })),
  },
  'a damaged engine': {
    says: /heybagh-relaxed\.wasm/,
    arrange: page => page.route('**/*.wasm', route => route.fulfill({ body: Buffer.alloc(100) })),
  },
  'damaged centroids': {
    says: /centroids.*hash/,
    arrange: async page => {
      const { centroids, bytes } = indexFiles();
      await page.route(`**/${centroids}`, route => route.fulfill({ body: Buffer.alloc(bytes[centroids], 1) }));
    },
  },
  'an index.json of a later version': {
    says: /index.*format 2/,
    arrange: page => changeManifest(page, index => { index.version = 2; }),
  },
};

for (const [what, { says, arrange }] of Object.entries(BROKEN)) {
  test(`${what} is told in an alert, and trying again works`, async ({ page, problems }) => {
    problems.allow(/Failed to load resource/);
    await arrange(page);
    await page.goto('/');
    await expect(alert(page)).toHaveText(says);
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(status(page)).toContainText('Ready to search');
    await expect(chooser(page)).toBeFocused();
    await expectStillWorking(page);
  });
}

test('a list of the index that is missing is told in an alert, and another photo works', async ({ page, problems }) => {
  problems.allow(/Failed to load resource/);
  await openReady(page);
  await page.route(`**/lists-*`, route => route.fulfill({ status: 404, body: 'no' }));
  await chooser(page).setInputFiles(picture('airplanes/image_0100.jpg'));
  await expect(alert(page)).toHaveText(/lists-.*404/);
  await expect(results(page)).toHaveCount(0);
  await page.unrouteAll();
  await expectStillWorking(page);
});

test('the alert of a failed start offers to try again', { tag: '@quick' }, async ({ page, problems }) => {
  problems.allow(/Failed to load resource/);
  await page.goto('/?index=nowhere/');
  await expect(alert(page)).toHaveText(/index\.json.*404/);
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
  await shoot(page, 'failed-start');
});

test('an index of another site is refused before anything is asked of it', async ({ page }) => {
  await page.goto('/?index=https://example.org/bundle/');
  await expect(alert(page)).toHaveText(/same site/);
});

test('a Worker that breaks down is told in an alert, and trying again works', async ({ page, problems }) => {
  problems.allow(/out of order/);
  await patchWorker(page, 'throw new Error("out of order");');
  await page.goto('/');
  await expect(alert(page)).toHaveText(/crashed.*out of order/);
  await page.unrouteAll();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(status(page)).toContainText('Ready to search');
});

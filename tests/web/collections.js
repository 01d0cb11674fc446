// Small indexes of pictures in folders of whatever shape, served to a page.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { picture, BUILDER, ROOT } from './support.js';

const MODEL = join(ROOT, 'models/resnet18-i8.safetensors');

/**
 * Indexes pictures and serves the index as /own/bundle/.
 *
 * @param {import('@playwright/test').Page} page
 * @param {import('@playwright/test').TestInfo} info
 * @param {Record<string, string>} files the path of each picture in the folder, and which of Caltech-101's it is
 * @param {{model?: string, head?: string}} [how] the model, by default the site's, and the head, by default the builder's
 * @returns {Promise<(path: string) => string>} where a picture of the folder is
 */
export async function serveCollection(page, info, files, { model = MODEL, head } = {}) {
  const place = name => info.outputPath('own', name);
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(dirname(place(`images/${path}`)), { recursive: true });
    cpSync(picture(source), place(`images/${path}`));
  }
  cpSync(model, place(basename(model)));
  const given = ['--model', model, '--images', place('images'), '--out', place('bundle'), ...head ? ['--head', head] : []];
  execFileSync(BUILDER, ['build', ...given], { stdio: 'pipe' });
  await page.context().route('**/own/**', route => { // also for what its links open
    const { pathname } = new URL(route.request().url());
    return route.fulfill({ path: place(decodeURIComponent(pathname.slice('/own/'.length))) });
  });
  return path => place(`images/${path}`);
}

/** The search of a page that `openWidget` opens, with that index. */
export const OWN = '<heybagh-search index="/own/bundle/" loading="eager"></heybagh-search>';

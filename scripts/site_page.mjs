// site_page.mjs FOLDER BUNDLE TEXTS: writes into the index.html, the heybagh.webmanifest and the bundle/index.json of FOLDER
// what the pictures of BUNDLE are. TEXTS is JSON: {title, description, credit, credit_url, licence, samples}; what is empty
// is not said. If all of it is empty, what BUNDLE's own index.json says counts.
//   credit_url  where the credit leads to
//   licence     an SPDX identifier
//   samples     pictures to try: their paths in the bundle, or addresses of others

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBundle } from './bundle_files.mjs';
import { shown } from './shown.mjs';
import { pictureUrls } from '../web/shared/manifest.js';
import { resolveWebUrl } from '../web/shared/url.js';
import { creditParts } from '../web/site/about.js';

const SITE = 'http://site/';
const ABOUT = /,\n"about":\{.*\}(?=\}\s*$)/; // at the end of an index.json, where this script puts it

const [folder, bundle, json] = process.argv.slice(2);

const escaped = text => text.replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);

/** Changes one place of a text, which must be there. */
function put(text, place, replacement) {
  if (!place.test(text)) throw new Error(`there is no ${place} in web/index.html`);
  return text.replace(place, () => replacement);
}

/** What is given, or else what the bundle says. */
function chooseTexts(given, { manifest }) {
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value.length > 0));
  return Object.keys(said).length > 0 ? said : manifest.about ?? {};
}

/** "Pictures: Flora of Crete by A. B., CC-BY-4.0." */
function creditLine({ credit = '', credit_url: creditUrl = '', licence = '' }) {
  if (creditUrl && !resolveWebUrl(creditUrl, SITE)) throw new Error(`'${creditUrl}' is not an address that a credit can lead to`);
  const parts = creditParts({ credit, creditUrl, licence }).map(({ text, url, rel }) =>
    (url ? `<a${rel && ` rel="${rel}"`} href="${escaped(url)}">${escaped(text)}</a>` : escaped(text)));
  return parts.length > 0 ? `    <p id="credit">Pictures: ${parts.join(', ')}.</p>\n` : '';
}

/** Addresses of the samples, relative to the page where they are in the site. */
function sampleAddresses(samples, { manifest, pictures }) {
  const known = new Set(pictures.map(({ path }) => path));
  return samples.map(sample => {
    if (/^https?:/.test(sample)) return new URL(sample).href;
    if (!known.has(sample)) throw new Error(`the sample '${sample}' is not in the bundle`);
    const templates = { imageUrl: manifest.image_url, thumbUrl: '' };
    const { url } = pictureUrls(templates, { path: sample, content: '' }, `${SITE}bundle/index.json`);
    return url.startsWith(SITE) ? url.slice(SITE.length) : url;
  });
}

function fillPage(page, { title, description, samples = [], ...about }, read) {
  let filled = put(page, /^ *<!-- credit -->\n/m, creditLine(about));
  if (title) {
    filled = put(filled, /<title>[^<]*<\/title>/, `<title>${escaped(title)}</title>`);
    filled = put(filled, /<h1>[^<]*<\/h1>/, `<h1>${escaped(title)}</h1>`);
  }
  if (description) {
    filled = put(filled, /<meta name="description" content="[^"]*">/, `<meta name="description" content="${escaped(description)}">`);
    filled = put(filled, /<p class="lead">[^<]*<\/p>/, `<p class="lead">${escaped(description)}</p>`);
  }
  const addresses = sampleAddresses(samples, read);
  if (addresses.length === 0) return filled;
  return put(filled, / index="bundle\/">/, ` index="bundle/" samples="\n      ${escaped(addresses.join('\n      '))}">`);
}

function fillManifest(manifest, { title, description }) {
  return { ...manifest, ...title && { name: title, short_name: title }, ...description && { description } };
}

/** As text, because some numbers of an index.json are too large for JavaScript's. */
function fillIndex(index, texts) {
  const without = index.replace(ABOUT, '');
  return Object.keys(texts).length > 0 ? without.replace(/\}\s*$/, () => `,\n"about":${JSON.stringify(texts)}}\n`) : without;
}

function change(name, act) {
  const path = join(folder, name);
  writeFileSync(path, act(readFileSync(path, 'utf8')));
}

try {
  const read = readBundle(bundle);
  const texts = chooseTexts(JSON.parse(json), read);
  change('index.html', page => fillPage(page, texts, read));
  change('heybagh.webmanifest', manifest => `${JSON.stringify(fillManifest(JSON.parse(manifest), texts), null, 2)}\n`);
  change('bundle/index.json', index => fillIndex(index, texts));
} catch (error) {
  console.error(`site: ${shown(error.message)}`);
  process.exit(1);
}

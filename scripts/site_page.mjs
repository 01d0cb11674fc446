// site_page.mjs FOLDER BUNDLE TEXTS: writes into the index.html and the heybagh.webmanifest of FOLDER what the pictures of
// BUNDLE are. TEXTS is JSON: {title, description, credit, creditUrl, licence, samples}; what is empty is not said.
//   creditUrl  where the credit leads to
//   licence    an SPDX identifier
//   samples    pictures to try: their paths in the bundle, or addresses of others

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBundle } from './bundle_files.mjs';
import { pictureUrls } from '../web/shared/manifest.js';

const SITE = 'http://site/';

const [folder, bundle, json] = process.argv.slice(2);
const texts = JSON.parse(json);

const escaped = text => text.replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);
const link = (text, address, attributes = '') => `<a${attributes} href="${escaped(address)}">${escaped(text)}</a>`;

/** Changes one place of a text, which must be there. */
function put(text, place, replacement) {
  if (!place.test(text)) throw new Error(`there is no ${place} in web/index.html`);
  return text.replace(place, () => replacement);
}

/** "Pictures: Flora of Crete by A. B., CC-BY-4.0." */
function creditLine({ credit, creditUrl, licence }) {
  const isListed = /^[\w.+-]+$/.test(licence) && !licence.startsWith('LicenseRef-');
  const parts = [
    credit && (creditUrl ? link(credit, creditUrl) : escaped(credit)),
    licence && (isListed ? link(licence, `https://spdx.org/licenses/${licence}.html`, ' rel="license"') : escaped(licence)),
  ];
  const said = parts.filter(Boolean).join(', ');
  return said && `    <p id="credit">Pictures: ${said}.</p>\n`;
}

/** Addresses of the samples, relative to the page where they are in the site. */
function sampleAddresses(samples) {
  if (samples.length === 0) return [];
  const { manifest, pictures } = readBundle(bundle);
  const known = new Set(pictures.map(({ path }) => path));
  return samples.map(sample => {
    if (/^https?:/.test(sample)) return new URL(sample).href;
    if (!known.has(sample)) throw new Error(`the sample '${sample}' is not in the bundle`);
    const templates = { imageUrl: manifest.image_url, thumbUrl: '' };
    const { url } = pictureUrls(templates, { path: sample, content: '' }, `${SITE}bundle/index.json`);
    return url.startsWith(SITE) ? url.slice(SITE.length) : url;
  });
}

function fillPage(page, { title, description, samples, ...about }) {
  let filled = put(page, /^ *<!-- credit -->\n/m, creditLine(about));
  if (title) {
    filled = put(filled, /<title>[^<]*<\/title>/, `<title>${escaped(title)}</title>`);
    filled = put(filled, /<h1>[^<]*<\/h1>/, `<h1>${escaped(title)}</h1>`);
  }
  if (description) {
    filled = put(filled, /<meta name="description" content="[^"]*">/, `<meta name="description" content="${escaped(description)}">`);
    filled = put(filled, /<p class="lead">[^<]*<\/p>/, `<p class="lead">${escaped(description)}</p>`);
  }
  const addresses = sampleAddresses(samples);
  if (addresses.length === 0) return filled;
  return put(filled, / index="bundle\/">/, ` index="bundle/" samples="\n      ${escaped(addresses.join('\n      '))}">`);
}

function fillManifest(manifest, { title, description }) {
  return { ...manifest, ...title && { name: title, short_name: title }, ...description && { description } };
}

function change(name, act) {
  const path = join(folder, name);
  writeFileSync(path, act(readFileSync(path, 'utf8')));
}

try {
  change('index.html', page => fillPage(page, texts));
  change('heybagh.webmanifest', manifest => `${JSON.stringify(fillManifest(JSON.parse(manifest), texts), null, 2)}\n`);
} catch (error) {
  console.error(`site: ${error.message}`);
  process.exit(1);
}

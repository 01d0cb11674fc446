// The bills of materials of site and package: all that was built in or is served, each with licence and hash.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, ROOT, SITE } from './support.js';

const bill = JSON.parse(readFileSync(join(SITE, 'sbom.cdx.json'), 'utf8'));
const hashes = Object.fromEntries(bill.components.map(({ name, hashes: [{ content }] }) => [name, content]));

const sha256 = path => createHash('sha256').update(readFileSync(path)).digest('hex');

/** What common.sh pins: [name, hash] each. */
function pins() {
  const common = readFileSync(join(ROOT, 'scripts/common.sh'), 'utf8');
  const rows = name => new RegExp(`^${name}="\n([^"]+)`, 'm').exec(common)[1].trim().split('\n').map(row => row.split(/\s+/));
  return [...rows('SOURCES').map(([name, , hash]) => [name, hash]), ...rows('HEADERS').map(([hash, name]) => [name, hash])];
}

test('the site\'s bill has every pinned source, and the C libraries of both compilers', () => {
  expect(pins()).toHaveLength(6);
  expect(hashes).toMatchObject(Object.fromEntries(pins()));
  expect(Object.keys(hashes)).toEqual(expect.arrayContaining(['emscripten libc.a', 'emscripten libdlmalloc.a', 'libjpeg-turbo', 'giflib']));
});

test('engine, model and index are in it with the hash of what is served', () => {
  const served = readdirSync(SITE).filter(name => /\.(wasm|safetensors)$/.test(name));
  expect(served.length).toBeGreaterThanOrEqual(5);
  for (const name of [...served, 'bundle/index.json']) expect(hashes[name], name).toBe(sha256(join(SITE, name)));
});

test('everything has a licence and a SHA-256', () => {
  for (const { name, licenses, hashes: [{ alg, content }] } of bill.components) {
    expect(licenses?.[0].expression, name).toMatch(/^[A-Z][\w.-]+( (OR|AND|WITH) [\w.-]+)*$/);
    expect([alg, content], name).toEqual(['SHA-256', expect.stringMatching(/^[0-9a-f]{64}$/)]);
  }
});

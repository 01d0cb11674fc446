// start.mjs [--check] [--samples N] [--mbit 50,10] [SITE]: from the navigation to the first answer, over slow networks
// (40 ms latency), of somebody who gives a photo as soon as the page takes one. SITE is a folder (default build/site),
// served with gzip as static hosts do.
//   cold    somebody who was never here
//   warm    comes back within minutes: what was fetched is still fresh (max-age=600)
//   repeat  comes back another day: the browser asks the server for all files again, and none has changed
// The browser is closed in between.
// Writes build/bench/start.json and start.svg and prints tables.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readArguments } from './arguments.mjs';
import { launchProfile } from './chromium.mjs';
import { preparePictures, ROOT } from './inputs.mjs';
import { Link } from './link.mjs';
import { machine, today } from './machine.mjs';
import { conditions, number, save, table } from './report.mjs';
import { serve } from './server.mjs';
import { stepsOf } from './start/steps.mjs';
import { visit } from './start/visit.mjs';
import { median } from './stats.mjs';

const LATENCY = 40; // ms
const KINDS = [
  ['model', /\.safetensors/], ['wasm', /\.wasm$/], ['index', /^\/bundle\//], ['pictures', /^\/images\//], ['page', /./],
];
const say = text => console.error(`start: ${text}`);

/** Bytes by kind. */
function bytesOf(sent) {
  const bytes = Object.fromEntries(KINDS.map(([kind]) => [kind, 0]));
  for (const { path, bytes: size } of sent) bytes[KINDS.find(([, pattern]) => pattern.test(path))[0]] += size;
  return bytes;
}

/** One visit, by a browser that is started for it. */
async function measure(profile, server, photo) {
  const context = await launchProfile(profile);
  try {
    server.sent.length = 0;
    const seen = await visit(context, server.address, photo);
    return { ...seen, version: context.browser().version(), bytes: bytesOf(server.sent), steps: stepsOf(seen) };
  } finally {
    await context.close();
  }
}

/** A new profile for as long as it is needed. */
async function withProfile(use) {
  const profile = mkdtempSync(join(tmpdir(), 'heybagh-start-'));
  try {
    return await use(profile);
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Two visits of one profile, each over a line of its own. */
async function twoVisits(site, photo, lines, cacheControl) {
  const options = { cacheControl, link: lines[0] };
  const server = await serve([['/', `${site}/`]], options);
  try {
    return await withProfile(async profile => {
      const first = await measure(profile, server, photo);
      [, options.link] = lines;
      return [first, await measure(profile, server, photo)];
    });
  } finally {
    server.close();
  }
}

async function measureAll(site, photo, mbit) {
  const line = new Link(mbit, LATENCY);
  const [cold, warm] = await twoVisits(site, photo, [line, line], 'max-age=600');
  const [, repeat] = await twoVisits(site, photo, [new Link(0, 0), line], 'max-age=0');
  return { cold, warm, repeat };
}

/** Medians of what several visits of one kind have in common. */
function summarize(visits) {
  const of = pick => {
    const medianOf = name => median(visits.map(one => pick(one)[name]));
    return Object.fromEntries(Object.keys(pick(visits[0])).map(name => [name, medianOf(name)]));
  };
  return {
    samples: visits.length, seen: of(v => v.seen), steps: of(v => v.steps), bytes: of(v => v.bytes),
    memory: of(v => v.memory), requests: visits[0].requests,
  };
}

const seconds = ms => number(ms / 1e3, 2);
const megabytes = bytes => number(bytes / 1e6, 1);
const kilobytes = bytes => number(bytes / 1e3, 0);

function print(result) {
  const each = (head, cells) => console.log(`${table(['Mbit/s', 'visit', ...head],
    result.rows.map(row => [row.mbit, row.visit, ...cells(row)]))}\n`);
  each(['takes a photo, s', 'ready, s', 'first results, s', 'answer, s', 'its pictures, s'],
    ({ seen }) => [seen.accepted, seen.ready, seen.first, seen.answer, seen.pictures].map(seconds));
  const steps = Object.keys(result.rows[0].steps);
  each(steps.map(name => `${name}, s`), row => steps.map(name => seconds(row.steps[name])));
  each(['page, kB', 'wasm, kB', 'model, MB', 'index, kB', 'pictures, kB'], ({ bytes }) => [
    kilobytes(bytes.page), kilobytes(bytes.wasm), megabytes(bytes.model), kilobytes(bytes.index),
    kilobytes(bytes.pictures),
  ]);
  each(['wasm heap, MB', 'tab at most, MB', 'tab at the end, MB'], ({ seen, memory }) =>
    [seen.heapBytes, memory.peakBytes, memory.endBytes].map(megabytes));
  console.log(conditions(result));
}

function bars({ rows }) {
  return {
    title: 'From the navigation to the first answer',
    note: 'Seconds, 40 ms latency, the photo is given at once; shorter is better',
    groups: [...new Set(rows.map(({ mbit }) => mbit))].map(mbit => ({
      name: `${mbit} Mbit/s`,
      bars: rows.filter(row => row.mbit === mbit).map(({ visit: label, seen: { answer } }) =>
        ({ label, value: answer, shown: `${seconds(answer)} s`, ours: true })),
    })),
  };
}

const { check, samples, mbit, rest } = readArguments('start.mjs [--check] [--samples N] [--mbit 50,10] [SITE]',
  { samples: '3', mbit: '50,10' });
const site = resolve(rest[0] ?? join(ROOT, 'build/site'));
if (!existsSync(join(site, 'index.html'))) throw new Error(`${site} is no site: run scripts/demo.sh --no-serve first`);
const [picture] = preparePictures();
const photo = readFileSync(picture);
const rows = [];
let version;
for (const speed of check ? [200] : mbit.split(',').map(Number)) {
  const visits = { cold: [], warm: [], repeat: [] };
  for (let i = 0; i < (check ? 1 : Number(samples)); i++) {
    say(`${speed} Mbit/s, round ${i + 1}`);
    const seen = await measureAll(site, photo, speed);
    for (const [name, list] of Object.entries(visits)) list.push(seen[name]);
    ({ version } = seen.cold);
  }
  rows.push(...Object.entries(visits).map(([name, seen]) => ({ mbit: speed, visit: name, ...summarize(seen) })));
}
const result = { date: today(), machine: machine(), versions: { Chromium: version }, rows };
print(result);
save('start', result, bars(result), check);

// web.mjs [--check] [--samples N] [MODEL...]: our network in Chromium, each build and each model, against
// onnxruntime-web and TensorFlow.js (WebAssembly), on one thread, and on two in a second page that may share memory.
// The contenders of a page, each in a Worker of its own, take turns. Writes build/bench/web.json and web.svg and prints
// a table.

import { basename, join, relative } from 'node:path';
import { readArguments } from './arguments.mjs';
import { launch } from './chromium.mjs';
import {
  checkFeatures, openModels, prepareBundle, prepareOnnx, preparePictures, prepareTensor, ROOT, WORK,
} from './inputs.mjs';
import { machine, peerVersions, today } from './machine.mjs';
import { conditions, number, save, table } from './report.mjs';
import { serve } from './server.mjs';
import { ratio, summary } from './stats.mjs';
import { takeTurns } from './turns.mjs';

const say = text => console.error(`web: ${text}`);
const address = path => `/work/${relative(WORK, path)}`;
const addressOfModel = ({ path }) => `/work/${basename(path)}`; // where the bundles look for it

function roots(models) {
  const places = {
    '/': 'tests/bench/contenders/',
    '/peers/': 'tests/bench/peers/',
    '/node_modules/': 'tests/bench/peers/node_modules/',
    '/web/': 'web/',
  };
  for (const build of ['simd', 'relaxed']) {
    for (const file of [`heybagh-${build}.wasm`, `heybagh-${build}-threads.wasm`]) {
      places[`/web/${file}`] = `build/wasm-${build}/${file}`;
    }
  }
  return [
    ...Object.entries(places).map(([prefix, place]) => [prefix, join(ROOT, place)]),
    ['/work/', `${WORK}/`],
    ...models.map(model => [addressOfModel(model), model.path]),
  ];
}

/** Ours on one thread, too, to be compared with; only the int8 network has more. */
function oursOn(threads, { models, bundles }) {
  const counts = ({ precision }) => (threads === 1 ? [1] : precision === 'i8' ? [1, threads] : []);
  return models.flatMap((model, i) => ['simd', 'relaxed-simd'].flatMap(simd => counts(model).map(count => ({
    library: 'HeyBagh', variant: `${model.precision}, ${simd}`, precision: model.precision, ours: true, wanted: count,
    options: { library: 'heybagh', index: `${address(bundles[i])}/`, simd, threads: count },
  }))));
}

function contendersOn(threads, inputs) {
  const { models: [first], onnx } = inputs;
  const peers = [
    { library: 'onnxruntime-web', options: { library: 'ort', onnx: address(onnx), threads } },
    { library: 'TensorFlow.js', options: { library: 'tfjs', model: addressOfModel(first), threads } },
  ].map(peer => ({ ...peer, variant: 'f32, simd', precision: 'f32', ours: false, wanted: threads }));
  return [...oursOn(threads, inputs), ...peers].map(facts =>
    ({ ...facts, name: `${facts.library} ${facts.variant}, threads: ${facts.wanted}` }));
}

/** Loads and checks the features. */
async function enter(page, facts, pictures) {
  const { name, options, wanted, precision } = facts;
  const { threads } = await page.evaluate(([who, how]) => bench.load(who, how), [name, options]);
  if (threads !== wanted) throw new Error(`${name}: there are ${threads} threads where ${wanted} were asked for`);
  const similar = [];
  for (const { file, tensor, features } of pictures) {
    const found = await page.evaluate(([who, what]) => bench.features(who, what), [name, { file, tensor }]);
    similar.push(checkFeatures(name, found, features, precision));
  }
  say(`${name}: features have cosine ${Math.min(...similar).toFixed(7)} with the native ones`);
  const [picture] = pictures;
  return {
    ...facts, threads, cosine: Math.min(...similar),
    run: runs => page.evaluate(([who, what, count]) => bench.run(who, what, count), [name, picture, runs]),
  };
}

/** One page, and all that take part in it. */
async function compete(browser, inputs, { isolated, threads }, how) {
  const server = await serve(roots(inputs.models), { isolated });
  try {
    const page = await browser.newPage();
    page.on('console', message => say(`page: ${message.text()}`));
    await page.goto(server.address);
    await page.waitForFunction(() => window.bench);
    if (await page.evaluate(() => crossOriginIsolated) !== isolated) throw new Error(`isolated should be ${isolated}`);
    const contenders = [];
    for (const facts of contendersOn(threads, inputs)) contenders.push(await enter(page, facts, inputs.pictures));
    const seen = await takeTurns(contenders, how, say);
    await page.close();
    const rows = contenders.map(({ name, ...facts }) => rowOf(facts, isolated, seen.get(name)));
    addRatios(rows);
    return rows;
  } finally {
    server.close();
  }
}

function rowOf({ library, variant, precision, ours, threads, cosine }, isolated, { network, whole }) {
  const facts = { library, variant, precision, ours, threads, isolated, cosine };
  return { ...facts, ...summary(network), whole: whole && summary(whole) };
}

/** How many times as fast as each peer with as many threads, and as the same on one thread, in one page. */
function addRatios(rows) {
  for (const row of rows.filter(({ ours }) => ours)) {
    const peers = rows.filter(({ ours, threads }) => !ours && threads === row.threads);
    const alone = rows.find(({ variant, threads }) => variant === row.variant && threads === 1);
    if (row.threads > 1) row.scaling = 1 / ratio(row.rounds, alone.rounds);
    row.speedup = Object.fromEntries(peers.map(({ library, rounds }) => [library, 1 / ratio(row.rounds, rounds)]));
  }
}

function print(result) {
  const peers = [...new Set(result.rows.filter(({ ours }) => !ours).map(({ library }) => library))];
  const head = [
    'network in Chromium', 'threads', 'ms (median)', 'ms (minimum)', 'file to embedding, ms',
    ...peers.map(name => `${name} = 1`), 'one thread = 1',
  ];
  console.log(table(head, result.rows.map(({ library, variant, threads, median, minimum, whole, speedup, scaling }) => [
    `${library} (${variant})`, threads, number(median), number(minimum), whole ? number(whole.median) : '',
    ...peers.map(name => (speedup?.[name] ? number(speedup[name], 2) : '')), scaling ? number(scaling, 2) : '',
  ])));
  console.log(`\n${conditions(result)}`);
}

function bars({ rows }) {
  const group = (name, picks) => ({
    name,
    bars: rows.filter(picks).map(({ library, variant, threads, median, ours }) => {
      const label = `${library}, ${variant}${threads > 1 ? ', two threads' : ''}`;
      return { label, value: median, shown: `${number(median)} ms`, ours };
    }),
  });
  return {
    title: 'ResNet-18 of one picture in Chromium',
    note: 'Milliseconds, median; shorter is better',
    groups: [
      group('One thread', ({ isolated }) => !isolated),
      group('A cross-origin isolated page', ({ isolated }) => isolated),
    ],
  };
}

const { check, samples, rest } = readArguments('web.mjs [--check] [--samples N] [MODEL...]', { samples: '45' });
const models = openModels(rest);
const pictures = preparePictures().map(path => {
  const { tensor, features } = prepareTensor(models[0], path);
  return { file: address(path), tensor: address(tensor), features };
});
const inputs = { models, pictures, onnx: prepareOnnx(models[0]), bundles: models.map(prepareBundle) };
const how = check ? { samples: 3, warmUp: 0 } : { samples: Number(samples), warmUp: 1000 };
const browser = await launch();
try {
  const rows = [
    ...await compete(browser, inputs, { isolated: false, threads: 1 }, how),
    ...await compete(browser, inputs, { isolated: true, threads: 2 }, how),
  ];
  const versions = {
    Chromium: browser.version(), ...peerVersions('onnxruntime-web', '@tensorflow/tfjs-backend-wasm'),
  };
  const result = { date: today(), machine: machine(), versions, rows };
  print(result);
  save('web', result, bars(result), check);
} finally {
  await browser.close();
}

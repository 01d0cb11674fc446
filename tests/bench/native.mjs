// native.mjs [--check] [--samples N] [MODEL...]: our network, compiled natively, against onnxruntime-node, on one
// thread and on two. The programs take turns. Writes build/bench/native.json and native.svg and prints a table.

import { join } from 'node:path';
import { readArguments } from './arguments.mjs';
import { checkFeatures, openModels, prepareOnnx, preparePictures, prepareTensor, ROOT, SLICES } from './inputs.mjs';
import { machine, peerVersions, today } from './machine.mjs';
import { Program } from './orders.mjs';
import { conditions, number, save, table } from './report.mjs';
import { ratio, summary } from './stats.mjs';
import { takeTurns } from './turns.mjs';

const ORT = join(ROOT, 'tests/bench/peers/ort_node.mjs');
const say = text => console.error(`native: ${text}`);

/**
 * One entry of the table: `programs` do the same at the same time.
 *
 * @param {object} facts `threads` in use and `images` at a time, all programs together
 * @param {() => Program[]} start
 */
function contender(facts, start) {
  const programs = start();
  return {
    ...facts,
    name: `${facts.library} ${facts.precision}, threads: ${facts.threads}, images at a time: ${facts.images}`,
    programs,
    async run(runs) {
      const answers = await Promise.all(programs.map(program => program.order(`run ${runs}`)));
      return { network: answers.flatMap(({ times }) => times) };
    },
  };
}

const ours = ({ path, precision }, picture, threads) => contender(
  { library: 'HeyBagh', precision, ours: true, threads, images: threads },
  () => [new Program(SLICES, [path, threads, picture])]);

const peer = (onnx, tensor, threads, images) => contender(
  { library: 'onnxruntime-node', precision: 'f32', ours: false, threads: threads * images, images },
  () => Array.from({ length: images }, () => new Program(process.execPath, [ORT, onnx, threads, tensor])));

async function checkAll(models, onnx, pictures) {
  for (const picture of pictures) {
    const { tensor, features } = prepareTensor(models[0], picture);
    for (const model of models) {
      checkFeatures(`HeyBagh ${model.precision}`, prepareTensor(model, picture).features, features, model.precision);
    }
    const program = new Program(process.execPath, [ORT, onnx, 1, tensor]);
    const { features: found } = await program.order('features');
    const similarity = checkFeatures('onnxruntime-node', found, features);
    say(`onnxruntime-node's features have cosine ${similarity.toFixed(7)} with ours`);
    program.end();
  }
}

function rowOf({ library, precision, ours: own, threads, images }, rounds) {
  const figures = summary(rounds);
  return { library, precision, ours: own, threads, images, perSecond: 1e3 * images / figures.median, ...figures };
}

/** How much more images a second than the peer, with as many threads and images at a time. */
function addRatios(rows) {
  for (const row of rows) {
    const peer = rows.find(other => !other.ours && other.threads === row.threads && other.images === row.images);
    if (row.ours && peer) row.speedup = 1 / ratio(row.rounds, peer.rounds);
  }
}

function print(result) {
  const head = [
    'native network', 'threads', 'images at a time', 'ms (median)', 'ms (minimum)', 'images/s', 'onnxruntime = 1',
  ];
  console.log(table(head, result.rows.map(row => [
    `${row.library} ${row.precision}`, row.threads, row.images, number(row.median), number(row.minimum),
    number(row.perSecond), row.speedup ? number(row.speedup, 2) : '',
  ])));
  console.log(`\n${conditions(result)}`);
}

function bars({ rows }) {
  const group = (name, images) => ({
    name,
    bars: rows.filter(row => row.images === images).map(row => ({
      label: `${row.library} ${row.precision}, ${row.threads} thread${row.threads > 1 ? 's' : ''}`,
      value: row.median / images,
      shown: `${number(row.median / images)} ms`,
      ours: row.ours,
    })),
  });
  return {
    title: 'ResNet-18 of one picture, native',
    note: 'Milliseconds an image, median; shorter is better',
    groups: [group('One image at a time', 1), group('Two images at a time', 2)],
  };
}

const { check, samples, rest } = readArguments('native.mjs [--check] [--samples N] [MODEL...]', { samples: '45' });
const models = openModels(rest);
const pictures = preparePictures();
const onnx = prepareOnnx(models[0]);
await checkAll(models, onnx, pictures);
const [picture] = pictures;
const { tensor } = prepareTensor(models[0], picture);
const contenders = [
  ...models.flatMap(model => [ours(model, picture, 1), ours(model, picture, 2)]),
  peer(onnx, tensor, 1, 1), peer(onnx, tensor, 2, 1), peer(onnx, tensor, 1, 2),
];
try {
  const how = check ? { samples: 3, warmUp: 0 } : { samples: Number(samples), warmUp: 1000 };
  const seen = await takeTurns(contenders, how, say);
  const rows = contenders.map(facts => rowOf(facts, seen.get(facts.name).network));
  addRatios(rows);
  const versions = { 'Node.js': process.version, ...peerVersions('onnxruntime-node') };
  const result = { date: today(), machine: machine(), versions, rows };
  print(result);
  save('native', result, bars(result), check);
} finally {
  for (const { programs } of contenders) for (const program of programs) program.end();
}

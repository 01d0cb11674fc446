// embed.mjs [--check] [--pictures N] [--rounds N]: a collection embedded on two processors: index-builder against Pillow
// and onnxruntime-node, two of each side by side, which is their fastest. They take turns. Writes build/bench/embed.json
// and embed.svg and prints a table.

import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ASSETS } from '../assets.mjs';
import { readArguments } from './arguments.mjs';
import { checkFeatures, openModels, prepareOnnx, prepareTensor, ROOT, WORK } from './inputs.mjs';
import { machine, peerVersions, today } from './machine.mjs';
import { Program } from './orders.mjs';
import { conditions, number, save, table } from './report.mjs';
import { median } from './stats.mjs';

const BUILDER = join(ROOT, 'build/native/index-builder');
const CALTECH = join(ASSETS, 'caltech101/101_ObjectCategories');
const FOLDER = join(WORK, 'collection');
const THREADS = 2;
const say = text => console.error(`embed: ${text}`);

/** Pictures of Caltech-101, spread evenly, as a folder of links. */
function collect(count) {
  const all = readdirSync(CALTECH).filter(label => label !== 'BACKGROUND_Google').sort()
    .flatMap(label => readdirSync(join(CALTECH, label)).sort().map(name => join(label, name)));
  rmSync(FOLDER, { recursive: true, force: true });
  return Array.from({ length: count }, (_, i) => {
    const path = all[Math.floor((i + 0.5) * all.length / count)];
    mkdirSync(join(FOLDER, dirname(path)), { recursive: true });
    symlinkSync(join(CALTECH, path), join(FOLDER, path));
    return join(FOLDER, path);
  });
}

const ours = ({ path, precision }) => ({
  name: `index-builder ${precision}`,
  ours: true,
  async run(pictures) {
    const { stdout } = await promisify(execFile)(BUILDER, ['build', '--fresh', '--json', '--model', path, '--images',
      FOLDER, '--threads', `${THREADS}`, '--out', join(WORK, 'collection-bundle')]);
    const { embedded, seconds } = JSON.parse(stdout);
    if (embedded !== pictures.length) throw new Error(`${embedded} of ${pictures.length} pictures were embedded`);
    return embedded / seconds;
  },
});

function peer(onnx, expected) {
  const programs = Array.from({ length: THREADS },
    () => new Program(process.execPath, [join(ROOT, 'tests/bench/peers/ort_pipeline.mjs'), onnx, 1]));
  return {
    name: 'Pillow and onnxruntime-node f32',
    ours: false,
    programs,
    async run(pictures) {
      const shares = programs.map((_, p) => pictures.filter((__, i) => i % THREADS === p));
      const start = performance.now();
      const [{ features }] = await Promise.all(programs.map((program, p) => program.order(JSON.stringify(shares[p]))));
      checkFeatures('onnxruntime-node', features, expected);
      return pictures.length / (performance.now() - start) * 1e3;
    },
  };
}

const { check, pictures: wanted, rounds, rest } = readArguments(
  'embed.mjs [--check] [--pictures N] [--rounds N] [MODEL...]', { pictures: '600', rounds: '5' });
const pictures = collect(check ? 24 : Number(wanted));
const models = openModels(rest);
const { features } = prepareTensor(models[0], pictures[0]);
const contenders = [...models.map(ours), peer(prepareOnnx(models[0]), features)];
try {
  const seen = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < (check ? 1 : Number(rounds) + 1); round++) {
    say(round === 0 ? 'warming up' : `round ${round}`);
    for (const { name, run } of contenders) {
      const rate = await run(pictures);
      if (round > 0 || check) seen.get(name).push(rate);
    }
  }
  const theirs = seen.get(contenders.at(-1).name);
  const rows = contenders.map(({ name, ours: own }) => {
    const rates = seen.get(name);
    const speedup = own ? median(rates.map((rate, i) => rate / theirs[i])) : null;
    return { name, ours: own, perSecond: median(rates), most: Math.max(...rates), rates, speedup };
  });
  const versions = { 'Node.js': process.version, ...peerVersions('onnxruntime-node') };
  const result = { date: today(), machine: machine(), versions, pictures: pictures.length, rows };
  console.log(table(['embedding on 2 processors', 'pictures/s (median)', 'most', 'Pillow and onnxruntime-node = 1'],
    rows.map(row => [row.name, number(row.perSecond), number(row.most), row.speedup ? number(row.speedup, 2) : ''])));
  console.log(`\n${pictures.length} pictures a round; ${conditions(result)}`);
  save('embed', result, {
    title: 'Embedding a collection on two processors',
    note: 'Pictures a second, median; longer is better',
    groups: [{
      name: '',
      bars: rows.map(row => ({
        label: row.name, value: row.perSecond, shown: number(row.perSecond, 0), ours: row.ours,
      })),
    }],
  }, check);
} finally {
  for (const { programs = [] } of contenders) for (const program of programs) program.end();
}

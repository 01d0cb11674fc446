// Tests of the benchmarks' own parts that need nothing but Node.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawBars } from './bars.mjs';
import { checkFeatures } from './inputs.mjs';
import { Link } from './link.mjs';
import { Program } from './orders.mjs';
import { bytes, encode, integer, integers, message, text } from './peers/protobuf.mjs';
import { drawResnet18, transpose } from './peers/resnet18.mjs';
import { readSafetensors, writeSafetensors } from './peers/safetensors.mjs';
import { table } from './report.mjs';
import { stepsOf } from './start/steps.mjs';
import { cosine, median, ratio, summary } from './stats.mjs';
import { takeTurns } from './turns.mjs';

test('figures of samples', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(cosine([1, 0], [2, 0]), 1);
  assert.equal(cosine([1, 0], [0, 3]), 0);
  assert.deepEqual(summary([[3, 1], [2]]), { samples: 3, median: 2, minimum: 1, rounds: [[3, 1], [2]] });
});

test('a ratio is of the same rounds', () => {
  assert.equal(ratio([[10], [100], [10]], [[5], [50], [5]]), 2); // the machine was slow in the second
});

test('another network is refused', () => {
  const features = Array.from({ length: 512 }, (_, i) => i % 7);
  const other = features.map((x, i) => x + i % 3);
  assert.equal(checkFeatures('same', features.map(x => 2 * x), features), 1);
  assert.throws(() => checkFeatures('other', other, features), /other: the features' cosine/);
  assert.throws(() => checkFeatures('none', features.map(() => NaN), features), /cosine/);
  assert.throws(() => checkFeatures('short', features.slice(1), features), /511 features/);
});

test('protocol buffers', () => {
  assert.deepEqual([...encode(integer(1, 300))], [0x08, 0xac, 0x02]); // the example of the documentation
  assert.deepEqual([...encode(text(2, 'testing'))], [0x12, 7, ...Buffer.from('testing')]); // and the next
  assert.deepEqual([...encode(message(3, integer(1, 150)))], [0x1a, 3, 0x08, 0x96, 0x01]);
  assert.deepEqual([...encode(integers(4, [3, 270, 86942]))], [0x22, 6, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]);
  assert.deepEqual([...encode(bytes(1, Float32Array.of(1)))], [0x0a, 4, 0, 0, 0x80, 0x3f]);
});

test('safetensors come back as they were written', () => {
  const weight = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  const bias = { shape: [2], data: Float32Array.of(7, 8) };
  const { tensors } = readSafetensors(writeSafetensors(new Map([['weight', weight], ['bias', bias]])).buffer);
  assert.deepEqual([...tensors], [['weight', weight], ['bias', bias]]);
});

test('transposing', () => {
  const data = Float32Array.from({ length: 24 }, (_, i) => i);
  const turned = transpose(data, [1, 2, 3, 4], [0, 3, 1, 2]);
  assert.deepEqual(turned.shape, [1, 4, 2, 3]);
  assert.deepEqual([...turned.data.slice(0, 7)], [0, 4, 8, 12, 16, 20, 1]);
});

test('the network has 20 convolutions and 8 sums', () => {
  const names = [];
  let sums = 0;
  const convolution = (name, x, { stride }) => {
    names.push(name);
    return x / stride;
  };
  const addRelu = (a, b) => {
    assert.equal(a, b, 'both are of the same size');
    sums++;
    return a;
  };
  assert.equal(drawResnet18({ convolution, maxPool: x => x / 2, addRelu, mean: x => x }, 224), 7);
  assert.equal(new Set(names).size, 20);
  assert.equal(sums, 8);
});

test('contenders take turns, as many as asked for', async () => {
  const runs = [];
  const contender = name => ({
    name,
    async run(count) {
      runs.push(name);
      return { network: Array(count).fill(name === 'a' ? 1 : 2) };
    },
  });
  const seen = await takeTurns([contender('a'), contender('b')], { samples: 4, warmUp: 0, slice: 2 }, () => {});
  assert.deepEqual(seen.get('a'), { network: [[1, 1], [1, 1]] });
  assert.deepEqual(runs.join(''), 'ab' + 'aabb' + 'bbaa'); // to warm up; then one run that is not counted, and a slice
});

test('a program answers orders, and its end is an error', async () => {
  const echo = `process.stdin.once('data', line => {
    console.log(JSON.stringify({ got: String(line).trim() }));
    process.exit();
  })`;
  const program = new Program(process.execPath, ['-e', echo]);
  assert.deepEqual(await program.order('run 3'), { got: 'run 3' });
  await assert.rejects(program.order('run 3'), /ended/);
  await assert.rejects(program.order('run 3'), /ended/);
});

test('a line is as slow as it should be', async () => {
  const written = [];
  const response = { write: piece => written.push(piece.length) > 0, end() {} };
  const start = performance.now();
  const link = new Link(8, 40); // 1 kB a ms
  await Promise.all([link.send(response, Buffer.alloc(150_000)), link.send(response, Buffer.alloc(50_000))]);
  const took = performance.now() - start;
  assert.equal(written.reduce((sum, size) => sum + size), 200_000);
  assert.ok(took > 150 && took < 1000, `${took} ms`);
});

test('steps of a visit add up to its answer', () => {
  const request = (name, start, end) => ({ name, start, end });
  const requests = [
    request('/page.js', 0, 50), request('/heybagh-simd.wasm', 100, 200), request('/bundle/index.json', 100, 150),
    request('/model.safetensors', 210, 900), request('/bundle/head-1.bin', 210, 300),
    request('/bundle/lists-1.bin', 1000, 1100),
  ];
  const seen = { ready: 950, answer: 1200 };
  assert.deepEqual(Object.values(stepsOf({ seen, requests })), [100, 110, 690, 50, 250]);
  const withoutModel = requests.filter(({ name }) => !/model|head/.test(name));
  assert.deepEqual(Object.values(stepsOf({ seen, requests: withoutModel })), [100, 50, 50, 750, 250]);
});

test('tables and bars', () => {
  assert.equal(table(['a', 'b'], [['x', 1]]), '| a | b |\n| --- | ---: |\n| x | 1 |');
  const bar = { label: 'a < b', value: 2, shown: '2 & more', ours: true };
  const groups = [{ name: 'G', bars: [bar, { ...bar, value: 1, ours: false }] }];
  const svg = drawBars({ title: 'T', note: 'N', groups });
  assert.ok(svg.includes('<title id="title">T</title>'));
  assert.ok(svg.includes('<desc id="desc">N G: a &lt; b 2 &amp; more'));
  assert.ok(svg.includes('prefers-color-scheme: dark'));
  const [first, second] = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
  assert.equal(first, 2 * second);
});

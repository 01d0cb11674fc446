// What the benchmarks of the network work on: models, pictures, and what the peers need instead of them.

import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ASSETS } from '../assets.mjs';
import { makeOnnx } from './peers/onnx.mjs';
import { FEATURES } from './peers/resnet18.mjs';
import { readSafetensors, writeSafetensors } from './peers/safetensors.mjs';
import { cosine } from './stats.mjs';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
/** Where results go. */
export const OUT = join(ROOT, 'build/bench');
/** Where the peers' files go. */
export const WORK = join(OUT, 'peers');
export const SLICES = join(ROOT, 'build/native/tests/bench/bench-slices');
const BUILDER = join(ROOT, 'build/native/index-builder');

/** Of Caltech-101: the first one is timed, all are compared. */
const PICTURES = [
  'camera/image_0003.jpg', 'brontosaurus/image_0006.jpg', 'watch/image_0100.jpg', 'lotus/image_0020.jpg',
];

/** How near a network's features must be to those of the f32 one: what is quantised is another network. */
const AGREEMENT = { f32: 0.9999, f16: 0.9999 };
const QUANTIZED_AGREEMENT = 0.97;

/**
 * @typedef {object} Model
 * @property {string} path
 * @property {string} precision such as "f32"
 */

/** @returns {Model} */
function openModel(path) {
  const bytes = readFileSync(path);
  const { buffer } = Uint8Array.from(bytes);
  const { kind = '' } = readSafetensors(buffer).metadata;
  const precision = /^heybagh-resnet18-(\w+)$/.exec(kind)?.[1];
  if (!precision) throw new Error(`${path} is not a model that "index-builder model" made`);
  return { path: resolve(path), precision };
}

/**
 * @param {string[]} paths those given; without any, all in models/
 * @returns {Model[]} the f32 one is among them, and first: the peers have its weights
 */
export function openModels(paths) {
  const folder = join(ROOT, 'models');
  const own = readdirSync(folder).filter(name => name.endsWith('.safetensors')).map(name => join(folder, name));
  const models = (paths.length > 0 ? paths : own).map(openModel);
  const f32 = models.find(({ precision }) => precision === 'f32')
    ?? own.map(openModel).find(({ precision }) => precision === 'f32');
  if (!f32) throw new Error(`there is no f32 model in ${folder}: run scripts/demo.sh --no-serve first`);
  return [f32, ...models.filter(({ path }) => path !== f32.path)];
}

/** The pictures as files of a folder of their own, and of their labels. */
export function preparePictures() {
  return PICTURES.map(path => {
    const source = join(ASSETS, 'caltech101/101_ObjectCategories', path);
    const copy = join(WORK, 'pictures', path);
    mkdirSync(dirname(copy), { recursive: true });
    if (!existsSync(copy)) copyFileSync(source, copy);
    return copy;
  });
}

/**
 * The f32 network's input and features of a picture, from the native program.
 *
 * @returns {{tensor: string, features: number[]}} `tensor` is a file of [224][224][3] floats
 */
export function prepareTensor(model, picture) {
  const tensor = join(WORK, `${basename(dirname(picture))}.f32`);
  const answer = execFileSync(SLICES, [model.path, '1', picture, tensor], { input: 'features\n' });
  return { tensor, features: JSON.parse(answer).features };
}

/** @returns {string} the model as an ONNX file */
export function prepareOnnx(model) {
  const path = join(WORK, 'resnet18.onnx');
  mkdirSync(WORK, { recursive: true });
  const { buffer } = Uint8Array.from(readFileSync(model.path));
  writeFileSync(path, makeOnnx(readSafetensors(buffer).tensors));
  return path;
}

/**
 * The pictures as an index whose embeddings are the pooled features themselves, so that an engine that searches it in
 * a browser tells them.
 *
 * @returns {string} the bundle's folder
 */
export function prepareBundle(model) {
  const head = join(WORK, 'identity.safetensors');
  const weight = new Float32Array(FEATURES * FEATURES);
  for (let i = 0; i < FEATURES; i++) weight[i * FEATURES + i] = 1;
  writeFileSync(head, writeSafetensors(new Map([['weight', { shape: [FEATURES, FEATURES], data: weight }]])));
  const bundle = join(WORK, `bundle-${model.precision}`);
  rmSync(bundle, { recursive: true, force: true });
  execFileSync(BUILDER, ['build', '--fresh', '--model', model.path, '--images', join(WORK, 'pictures'), '--head', head,
    '--storage', 'f32', '--out', bundle]);
  return bundle;
}

/**
 * A benchmark of a wrong network is worthless.
 *
 * @throws {Error} if features are not those of the f32 network
 */
export function checkFeatures(name, features, expected, precision = 'f32') {
  if (features.length !== FEATURES) throw new Error(`${name}: ${features.length} features, not ${FEATURES}`);
  const similarity = cosine(features, expected);
  const least = AGREEMENT[precision] ?? QUANTIZED_AGREEMENT;
  if (!(similarity >= least)) throw new Error(`${name}: the features' cosine with ours is ${similarity}, not ${least}`);
  return similarity;
}

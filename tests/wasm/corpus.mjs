// corpus.mjs MODULE MODEL BUNDLE CORPUS: every picture of tests/corpus in the wasm whose C the sanitizers watch, which ends
// at the first fault: its embedding against that of its right answer, or the refusal that it should have from the engine
// alone.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, openEngine } from './engine.mjs';

const COSINE = 0.98;

const [file, model, bundle, corpus] = process.argv.slice(2);
const pictures = JSON.parse(readFileSync(join(corpus, 'corpus.json'), 'utf8'));
const engine = await openEngine(file);
load(engine, model, bundle);

const embed = path => engine.embed(engine.crop({ bytes: readFileSync(path) }));
const cosine = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** What is wrong with how the engine takes a picture; nothing if it is right. */
function check({ file: name, refusal, engine: code }) {
  try {
    const embedding = embed(join(corpus, 'pictures', name));
    if (refusal || code) return 'was read';
    const similarity = cosine(embedding, embed(join(corpus, 'answers', `${name}.png`)));
    return similarity >= COSINE ? undefined : `has the cosine ${similarity.toFixed(4)}`;
  } catch (error) {
    return checkRefusal(error, refusal, code);
  }
}

/** The code with which other decoders are asked, or the sentence that all of them have. */
function checkRefusal(error, refusal, code) {
  if (!error.code) throw error;
  if (code && error.code !== code) return `was refused as ${error.code}: ${error.message}`;
  if (code && !error.mayBeRead) return `was refused for good: ${error.message}`;
  if (!code && !refusal) return `was refused: ${error.message}`;
  if (!code && !error.message.toLowerCase().includes(refusal.toLowerCase())) return `was refused: ${error.message}`;
  return undefined;
}

const wrong = pictures.map(told => [told.file, check(told)]).filter(([, problem]) => problem);
for (const [name, problem] of wrong) console.error(`${name} ${problem}`);
console.log(`${pictures.length} pictures in ${engine.info().build}: ${wrong.length} are wrong`);
process.exitCode = wrong.length > 0 ? 1 : 0;

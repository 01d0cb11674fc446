// layers.mjs [TABLE]: fails if a file includes, imports or calls something of a floor above its own, or if files do so in
// a circle. The floors are in TABLE (default: layers.txt beside this file). A finding is a sentence on stderr.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(folder);

/** A room of the table: files below `place`, or the file itself, on the floor `level`; `only` is what it may use. */
function readTable(text) {
  const sections = {};
  let rooms;
  for (const line of text.split('\n').map(line => line.replace(/#.*/, '').trim()).filter(Boolean)) {
    const [, name] = /^section (\w+)$/.exec(line) ?? [];
    if (name) {
      rooms = sections[name] = [];
      continue;
    }
    const [places, only] = line.split(/\bonly\b/).map(part => part.trim().split(/\s+/));
    const level = (rooms.at(-1)?.level ?? 0) + 1;
    rooms.push(...places.map(place => ({ place, level, only })));
  }
  return sections;
}

const fits = (place, file) => (place.endsWith('/') ? file.startsWith(place) : file === place);

/** The room of a file, or undefined. */
const roomOf = (rooms, file) => rooms.filter(({ place }) => fits(place, file))
  .sort((a, b) => b.place.length - a.place.length)[0];

/** Code without comments, and with `keepStrings` false without what stands in strings. */
function bare(text, keepStrings) {
  return text.replace(/\/\*[^]*?\*\/|\/\/[^\n]*|(["'])(?:\\.|(?!\1)[^\\\n])*\1/g,
    match => (match[0] === '/' ? ' ' : keepStrings ? match : `${match[0]}${match[0]}`));
}

/** What stands in braces at the outermost level: the bodies of functions. */
function bodies(text) {
  let depth = 0, out = '';
  for (const piece of text.split(/([{}])/)) {
    if (piece === '{') depth++;
    if (depth > 0) out += piece;
    if (piece === '}') depth--;
  }
  return out;
}

// ---- C: a unit is a .c file with the header of its name ----

function cEdges(files) {
  const known = new Set(files), unit = file => file.replace(/\.[ch]$/, '');
  const sources = files.map(file => ({ file, text: readFileSync(path.join(root, file), 'utf8') }));
  const definitions = new Map(), own = new Map();
  for (const { file, text } of sources.filter(({ file }) => file.endsWith('.c'))) {
    own.set(file, new Set());
    // clang-format puts a definition's type and name at the start of a line
    for (const [, before, name] of bare(text, false).matchAll(/^(?!\s|#|typedef|return)([\w *]*?)\b(\w+)\([^;{}]*\)\s*\{/gm)) {
      own.get(file).add(name);
      if (!/\bstatic\b/.test(before)) definitions.set(name, file);
    }
  }
  const edges = [];
  for (const { file, text } of sources) {
    for (const [, mark, name] of text.matchAll(/^\s*#\s*include\s*([<"])([^>"]+)[>"]/gm)) {
      const target = [path.join(path.dirname(file), name), path.join('src', name), path.join('include', name)]
        .find((candidate, place) => known.has(candidate) && (mark === '"' || place === 2));
      if (target) edges.push({ from: file, to: target, how: `includes ${target}` });
    }
    if (file.startsWith('include/')) continue;
    const code = file.endsWith('.c') ? bare(text, false) : bodies(bare(text, false));
    for (const name of new Set(code.match(/\bhb_\w+|\b[a-z]\w*(?=\()/g))) {
      const target = definitions.get(name);
      if (!target || unit(target) === unit(file) || own.get(file)?.has(name)) continue;
      if (!name.startsWith('hb_') && path.dirname(target) !== path.dirname(file)) continue;
      edges.push({ from: file, to: target, how: `calls ${name} of ${target}` });
    }
  }
  return { edges, unit };
}

// ---- JavaScript: a unit is a file ----

function jsEdges(files) {
  const known = new Set(files), edges = [];
  for (const file of files) {
    const code = bare(readFileSync(path.join(root, file), 'utf8'), true);
    for (const [, name] of code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]+)['"]/g)) {
      const target = path.join(path.dirname(file), name);
      if (known.has(target)) edges.push({ from: file, to: target, how: `imports ${target}` });
    }
  }
  return { edges, unit: file => file };
}

/** Circles of units: each as the edges that lead round it, the shortest way from its first unit. */
function circles(edges, unit) {
  const ways = new Map();
  for (const edge of edges) {
    const from = unit(edge.from), to = unit(edge.to);
    if (from === to) continue;
    if (!ways.has(from)) ways.set(from, new Map());
    if (!ways.get(from).has(to)) ways.get(from).set(to, edge);
  }
  /** The edges from `start` back to it, or undefined. */
  const back = start => {
    const came = new Map([[start, undefined]]), queue = [start];
    for (const at of queue) {
      for (const [to, edge] of ways.get(at) ?? []) {
        if (to === start) {
          const round = [edge];
          for (let step = at; step !== start; step = unit(round[0].from)) round.unshift(came.get(step));
          return round;
        }
        if (came.has(to)) continue;
        came.set(to, edge);
        queue.push(to);
      }
    }
  };
  const found = [], seen = new Set();
  for (const start of [...ways.keys()].sort()) {
    if (seen.has(start)) continue;
    const round = back(start);
    for (const edge of round ?? []) seen.add(unit(edge.from));
    if (round) found.push(round);
  }
  return found;
}

function check(rooms, files, { edges, unit }) {
  const findings = [];
  for (const file of files)
    if (!roomOf(rooms, file)) findings.push(`${file} is in no room of the table.`);
  for (const { from, to, how } of edges) {
    const below = roomOf(rooms, from), above = roomOf(rooms, to);
    if (!below || !above || below === above) continue;
    if (above.level > below.level) {
      findings.push(`${from} ${how}, but ${above.place} stands above ${below.place}.`);
    } else if (below.only && /^(includes|imports) /.test(how) && !below.only.some(place => fits(place, to))) {
      findings.push(`${from} ${how}, but ${below.place} may use only its own files and ${below.only.join(' and ')}.`);
    }
  }
  for (const round of circles(edges, unit))
    findings.push(`These files make a circle: ${round.map(({ from, how }) => `${from} ${how}`).join(', ')}.`);
  return findings;
}

const table = readTable(readFileSync(process.argv[2] ?? path.join(folder, 'layers.txt'), 'utf8'));
const listing = '. scripts/common.sh && project_files'; // the project's own files, with or without git
const own = execFileSync('bash', ['-c', listing], { cwd: root, encoding: 'utf8' })
  .split('\n').filter(Boolean);
const kinds = {
  c: [/^(include|src|index-builder)\/.*\.[ch]$/, cEdges],
  web: [/^web\/(?!examples\/).*\.m?js$/, jsEdges],
};
let failed = false;
for (const [section, [pattern, edgesOf]] of Object.entries(kinds)) {
  const files = own.filter(file => pattern.test(file));
  for (const finding of check(table[section], files, edgesOf(files))) {
    failed = true;
    console.error(finding);
  }
}
process.exit(failed ? 1 : 0);

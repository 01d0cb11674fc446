// shown.mjs TEXT: prints a text for a terminal, as index-builder does (src/base/utf8.h): what would steer the terminal, make
// up lines or turn text round is written out. Lines of TEXT itself stay lines.

import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// control characters, what has no width, marks and overrides of direction, separators of lines: as in src/base/utf8.c
const HIDDEN = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** @param {string} text of one line */
export function shown(text) {
  return text.replace(HIDDEN, c => {
    const code = c.charCodeAt(0);
    return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.stdout.write(process.argv[2].split('\n').map(shown).join('\n'));
}

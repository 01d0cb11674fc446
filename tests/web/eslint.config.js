// What ESLint looks for (scripts/check.sh lint): what it recommends itself, and some more that catches real faults. How
// code is laid out is not its business here. It is ESLint 9, as ESLint 10 does not run on Debian's Node.

import js from '@eslint/js';
import globals from 'globals';

const FAULTS = {
  'array-callback-return': 'error',
  'default-case-last': 'error',
  eqeqeq: 'error',
  'no-constructor-return': 'error',
  'no-empty-pattern': ['error', { allowObjectPatternsAsParameters: true }], // Playwright's fixtures
  'no-implied-eval': 'error',
  'no-new-func': 'error',
  'no-self-compare': 'error',
  'no-throw-literal': 'error',
  'no-unreachable-loop': 'error',
  'no-unused-expressions': ['error', { allowShortCircuit: true, allowTernary: true }],
  'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_$' }],
  'no-use-before-define': ['error', { functions: false, classes: false, variables: false }],
  'no-useless-assignment': 'error',
  'no-useless-return': 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'prefer-promise-reject-errors': 'error',
  radix: 'error',
};

/** For what visitors load. Text of an index, or an address, must never become markup or a script. */
const VISITORS = {
  'no-eval': 'error',
  'no-shadow': 'error',
  'no-restricted-properties': ['error',
    ...['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'setHTMLUnsafe'].map(property => ({
      property, message: 'Make elements with h() of ui/dom.js.',
    })),
    { object: 'document', property: 'write' }],
};

/** What drivers hand to pages runs there, some of it with what others of them have put into the page. */
const PUT_THERE = ['HeyBagh', 'PHOTO', 'base64', 'bench', 'engine', 'file', 'tellVisit'];

const files = (patterns, names, rules = {}) => ({ files: patterns, languageOptions: { globals: names }, rules });

export default [
  { ignores: ['**/node_modules/', '**/dist/', 'build/', 'tests/web/results/'] },
  js.configs.recommended,
  { rules: FAULTS, linterOptions: { reportUnusedDisableDirectives: 'error' } },
  files(['web/**'], globals.browser, VISITORS),
  files(['web/{helper,worker}.js', 'web/engine/**'], globals.worker),
  files(['web/sw.js'], globals.serviceworker),
  files(['scripts/**', 'tests/**', 'web/examples/vite/vite.config.js'], globals.node),
  files(['tests/**'], { ...globals.browser, ...Object.fromEntries(PUT_THERE.map(name => [name, 'readonly'])) }),
];

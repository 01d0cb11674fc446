// network_i8.mjs [BUILD...]: bench-network-i8.wasm of the builds wasm-simd and wasm-relaxed in Chromium. Fails if a hash
// is not the native program's.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { launch } from './chromium.mjs';
import { ROOT } from './inputs.mjs';
import { serveBuilds } from './server.mjs';

const PROGRAM = 'bench-network-i8';

/** In the page. What the program prints goes to the console. */
async function runProgram(address) {
  const { makeImports } = await import('/engine/wasi.js');
  const module = await WebAssembly.compileStreaming(fetch(address));
  const instance = await WebAssembly.instantiate(module, makeImports(module, () => instance.exports.memory));
  try {
    instance.exports._start();
  } catch (error) {
    if (!error.message.includes('exited with code 0.')) throw error;
  }
}

async function bench(browser, address, build) {
  const lines = [];
  const page = await browser.newPage();
  page.on('console', message => {
    if (message.location().url.endsWith('favicon.ico')) return;
    lines.push(message.text());
    console.log(message.text());
  });
  await page.goto(`${address}favicon.svg`);
  await page.evaluate(runProgram, `/${build}/${PROGRAM}.wasm`);
  await page.close();
  return lines;
}

/** "hash of weights to N, WHO: HASH", as [N, HASH]. */
const hashes = lines => lines.map(line => /^hash of weights to (\d+), .*: (\w+)$/.exec(line)?.slice(1)).filter(Boolean);

async function main(builds) {
  const native = execFileSync(join(ROOT, 'build/native/tests/bench', PROGRAM), { encoding: 'utf8' }).split('\n');
  const right = Object.fromEntries(hashes(native));
  const server = await serveBuilds(ROOT);
  const browser = await launch();
  let wrong = hashes(native).filter(([limit, hash]) => hash !== right[limit]).length;
  try {
    for (const build of builds) {
      console.log(`\n== ${build}`);
      const found = hashes(await bench(browser, server.address, build));
      wrong += found.length === 0 || found.filter(([limit, hash]) => hash !== right[limit]).length;
    }
  } finally {
    await browser.close();
    server.close();
  }
  console.log(wrong ? '\nhashes differ from the native ones' : '\nall hashes are the native ones');
  return wrong ? 1 : 0;
}

const builds = process.argv.slice(2);
process.exitCode = await main(builds.length > 0 ? builds : ['wasm-simd', 'wasm-relaxed']);

// What a server, or the line to it, may do to a file.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Host } from './host.js';
import { test as base, SITE } from './support.js';

const LIMITS = 'shared/limits.js';

/**
 * @typedef {(response: import('node:http').ServerResponse, body: Buffer, kind: object) => void} Fault answers with what
 *   should have been `body`; `kind` are the headers that it should have
 */

const half = body => body.subarray(0, body.length >> 1);

/** Nothing comes. */
export const stalled = () => {};

/** Half of it comes. */
export const stalledMidway = (response, body, kind) => {
  response.writeHead(200, { ...kind, 'Content-Length': body.length });
  response.write(half(body));
};

/** Half of it comes, and the end is told to be there. */
export const truncated = (response, body, kind) => {
  response.writeHead(200, kind);
  response.end(half(body));
};

/** Some bytes are others. */
export const corrupted = (response, body, kind) => {
  response.writeHead(200, { ...kind, 'Content-Length': body.length });
  const at = body.length >> 1;
  response.end(Buffer.from(body).fill(0xff, at, at + 16));
};

/** The connection ends. */
export const cut = (response, body, kind) => {
  response.writeHead(200, { ...kind, 'Content-Length': body.length });
  response.write(half(body), () => setTimeout(() => response.destroy(), 100));
};

/** It is said to be longer than it is. */
export const saidLonger = (response, body, kind) => {
  response.writeHead(200, { ...kind, 'Content-Length': body.length + 1000, Connection: 'close' });
  response.write(body, () => setTimeout(() => response.destroy(), 100));
};

/** It is said to be shorter than it is. */
export const saidShorter = (response, body, kind) => {
  response.writeHead(200, { ...kind, 'Content-Length': body.length >> 1, Connection: 'close' });
  response.end(half(body));
};

/** The server answers every address with a page, as hosts of single-page applications do. */
export const webPage = response => {
  response.writeHead(200, { 'Content-Type': 'text/html' });
  response.end('\n<!-- our app --><!DOCTYPE html><html lang="en"><title>app</title>');
};

/** @returns {Fault} nothing but a status */
export const status = code => response => response.writeHead(code, { 'Content-Length': 0 }).end();

/** @returns {Fault} the whole, called something else */
export const called = type => (response, body, kind) => {
  response.writeHead(200, { ...kind, 'Content-Type': type });
  response.end(body);
};

/** @returns {Fault} the whole, so many bytes each `ms` */
export const dripping = (bytes, ms) => (response, body, kind) => {
  response.writeHead(200, { ...kind, 'Content-Length': body.length });
  let at = 0;
  const timer = setInterval(() => {
    response.write(body.subarray(at, at += bytes));
    if (at < body.length && !response.destroyed) return;
    clearInterval(timer);
    response.end();
  }, ms);
};

/** It never ends. */
export const endless = (response, body, kind) => {
  response.writeHead(200, kind);
  const more = () => {
    while (!response.destroyed && response.write(Buffer.alloc(1e6)));
  };
  response.on('drain', more);
  more();
};

/**
 * Time limits of shared/limits.js made shorter, so that no test waits for them.
 *
 * @param {Record<string, number>} limits by name, in ms
 * @returns {Record<string, (text: string) => string>} for `Host#deploy`
 */
export const shorter = limits => ({
  [LIMITS]: text => Object.entries(limits).reduce((changed, [name, ms]) => {
    const pattern = new RegExp(`(export const ${name} =) [\\d_]+;`);
    if (!pattern.test(changed)) throw new Error(`${LIMITS} has no ${name}`);
    return changed.replace(pattern, `$1 ${ms};`);
  }, text),
});

/** The same for a page of the tests' usual server. */
export function shorten(page, limits) {
  const body = shorter(limits)[LIMITS](readFileSync(join(SITE, LIMITS), 'utf8'));
  return page.route(`**/${LIMITS}`, route => route.fulfill({ contentType: 'text/javascript', body }));
}

/** Tests of a site on a server that can misbehave, `host`. */
export const test = base.extend({
  host: async ({}, use) => {
    const host = new Host();
    await host.start();
    await use(host);
    await host.remove();
  },
  baseURL: ({ host }, use) => use(host.url),
});

// Programs that wait for orders, a line each, and answer with a line of JSON: slices.c and peers/ort_node.mjs.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Program {
  #child;
  #waiting = [];
  #failure;

  constructor(command, args) {
    this.#child = spawn(command, args.map(String), { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout }).on('line', line => this.#waiting.shift()?.resolve(JSON.parse(line)));
    const ended = () => {
      this.#failure = new Error(`${[command, ...args].join(' ')} ended`);
      for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
    };
    this.#child.on('close', ended);
    this.#child.on('error', ended);
    this.#child.stdin.on('error', () => {}); // it ended; "close" tells
  }

  /** @returns {Promise<object>} what the program answers */
  order(line) {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.stdin.write(`${line}\n`);
    });
  }

  end() {
    this.#child.stdin.end();
  }
}

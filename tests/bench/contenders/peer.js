// A peer's Worker, as seen from the page.

const SCRIPTS = {
  ort: ['ort.worker.js', { type: 'module' }],
  tfjs: ['tfjs.worker.js', { type: 'classic' }], // TF.js comes as a script, not as a module that runs by itself
};

export class PeerContender {
  #worker;
  #waiting;

  constructor(library) {
    const [file, options] = SCRIPTS[library];
    this.#worker = new Worker(new URL(file, import.meta.url), options);
    this.#worker.onmessage = ({ data: { value, error } }) => {
      if (error === undefined) this.#waiting.resolve(value);
      else this.#waiting.reject(new Error(error));
    };
    this.#worker.onerror = event => this.#waiting.reject(new Error(event.message ?? 'the Worker does not start'));
  }

  load = options => this.#order('load', options);
  features = ({ tensor }) => this.#order('features', tensor);
  run = ({ tensor }, runs) => this.#order('run', tensor, runs);

  #order(verb, ...args) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#worker.postMessage({ verb, args });
    });
  }
}

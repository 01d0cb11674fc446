// Reports the progress of loading. Phases run at the same time, and are reported one after the other.

/** @import { Progress, Source } from '../shared/types.js' */

const INTERVAL = 100; // ms

/** @typedef {{name: Progress['phase'], total: number, loaded: number, fromNetwork: boolean}} Phase */

/** Reports phases in the order in which they begin. A phase that ends early waits for its turn. */
export class ProgressTeller {
  #report;
  /** @type {Phase[]} */
  #phases = [];
  #last = 0;

  /** @param {(progress: Progress) => void} report */
  constructor(report) {
    this.#report = report;
  }

  /**
   * @param {Progress['phase']} name
   * @param {number} total
   * @returns {(more: number, source?: Source) => void} adds to `loaded`
   */
  begin(name, total) {
    const phase = { name, total, loaded: 0, fromNetwork: false };
    this.#phases.push(phase);
    if (this.#phases[0] === phase) this.#tell(phase);
    return (more, source = 'network') => {
      phase.loaded += more;
      phase.fromNetwork ||= source === 'network';
      this.#advance(phase);
    };
  }

  /** @param {Phase} phase */
  #advance(phase) {
    if (phase !== this.#phases[0]) return;
    if (phase.loaded < phase.total && performance.now() - this.#last < INTERVAL) return;
    this.#tell(phase);
    while (phase.loaded === phase.total) {
      this.#phases.shift();
      [phase] = this.#phases;
      if (!phase) return;
      this.#tell(phase);
    }
  }

  /** @param {Phase} phase */
  #tell({ name, total, loaded, fromNetwork }) {
    this.#last = performance.now();
    this.#report({ phase: name, loaded, total, source: loaded > 0 && !fromNetwork ? 'cache' : 'network' });
  }
}

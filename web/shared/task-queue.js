// A queue of tasks in the order of their ranks.

/**
 * @template [T=unknown]
 * @typedef {object} Job
 * @property {number} rank may change while the job waits
 * @property {Promise<T>} done settles as the task does
 */

/** Runs a few tasks at a time: the lowest rank first, and the oldest first among equal ranks. */
export class TaskQueue {
  #limit;
  #running = 0;
  /** @type {{job: Job, run: () => Promise<void>}[]} */
  #waiting = [];

  /** @param {number} limit how many tasks run at a time */
  constructor(limit) {
    this.#limit = limit;
  }

  /**
   * @template T
   * @param {number} rank lower ranks run earlier
   * @param {() => Promise<T>} task
   * @returns {Job<T>}
   */
  add(rank, task) {
    /** @type {() => Promise<void>} */
    let run = async () => {};
    /** @type {Promise<T>} */
    const done = new Promise((resolve, reject) => {
      run = () => task().then(resolve, reject);
    });
    const job = { rank, done };
    this.#waiting.push({ job, run });
    this.#fill();
    return job;
  }

  #fill() {
    while (this.#running < this.#limit && this.#waiting.length > 0) {
      this.#running++;
      this.#takeFirst().run().then(() => {
        this.#running--;
        this.#fill();
      });
    }
  }

  #takeFirst() {
    const first = this.#waiting.reduce((best, one) => (one.job.rank < best.job.rank ? one : best));
    this.#waiting.splice(this.#waiting.indexOf(first), 1);
    return first;
  }
}

// A queue with ranks.

/**
 * @typedef {object} Job
 * @property {number} rank may be changed while the job waits
 * @property {Promise<any>} [done] what its task came to
 * @property {() => Promise<void>} [run] begins
 */

/** Runs tasks, a few at a time: the one with the lowest rank first, and of equal ranks the oldest. */
export class TaskQueue {
  #limit;
  #running = 0;
  #waiting = [];

  /** @param {number} limit tasks at a time */
  constructor(limit) {
    this.#limit = limit;
  }

  /**
   * @param {number} rank
   * @param {() => Promise<any>} task
   * @returns {Job}
   */
  add(rank, task) {
    /** @type {Job} */
    const job = { rank };
    job.done = new Promise((resolve, reject) => {
      job.run = () => task().then(resolve, reject);
    });
    this.#waiting.push(job);
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
    const first = this.#waiting.reduce((best, job) => (job.rank < best.rank ? job : best));
    this.#waiting.splice(this.#waiting.indexOf(first), 1);
    return first;
  }
}

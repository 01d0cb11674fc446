// A reporter beside Playwright's own: tells tests that ran into their limit of time apart from those that failed. If there
// are only such, the exit code is 124, as of timeout(1).

const LIMIT_CODE = 124;

export default class Limits {
  #ended = [];

  #failed = 0;

  onTestEnd(test, result) {
    if (result.status === 'timedOut') this.#ended.push(test);
    else if (result.status !== test.expectedStatus && result.status !== 'skipped') this.#failed++;
  }

  onEnd() {
    for (const test of this.#ended) {
      console.log(`ran into its limit of ${test.timeout / 1000} s: ${test.titlePath().slice(2).join(' › ')}`);
    }
  }

  onExit() {
    if (this.#ended.length > 0 && this.#failed === 0) process.exit(LIMIT_CODE);
  }

  printsToStdio() {
    return false; // so that Playwright's own goes on
  }
}

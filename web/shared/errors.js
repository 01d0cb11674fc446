// The one kind of failure that HeyBagh's modules let out.

/**
 * A failure, told twice: `code` is a stable word for programs, `message` one sentence for people.
 *
 * From the engine: `invalid-argument`, `out-of-memory`, `unsupported-image`, `corrupt-image`, `image-too-large`,
 * `bad-model`, `bad-index`, `model-mismatch`, `internal`. From this side of it: `no-simd` (browser too old),
 * `engine-failed` (the wasm cannot start), `download-failed` (no answer, or an HTTP error),
 * `bad-download` (an answer of the wrong length), `unreadable-image` (the file cannot be opened), `crashed` (the engine
 * broke down and must be loaded again), `closed` (used after `close()`).
 */
export class HeyBaghError extends Error {
  /** @type {number | undefined} of a server that answered with an error */
  status;
  /** @type {boolean | undefined} of a picture that the engine refused: whether another decoder may still read it */
  mayBeRead;

  /**
   * @param {string} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message);
    this.name = 'HeyBaghError';
    this.code = code;
  }
}

/**
 * @param {string} file a build of the engine
 * @param {unknown} cause why the browser does not take it
 * @returns {HeyBaghError} `engine-failed`
 */
export function cannotRun(file, cause) {
  const why = (cause instanceof Error ? cause.message : String(cause)).replace(/\.?$/, '.'); // some end with one
  return new HeyBaghError('engine-failed', `The engine (${file}) cannot run here: ${why}`);
}

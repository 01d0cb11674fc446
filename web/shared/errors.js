// The only kind of error that HeyBagh throws.

/**
 * An error with a `code` for programs, which stays the same between versions, and a `message` for people, one sentence.
 *
 * Codes from the engine: `invalid-argument`, `out-of-memory`, `unsupported-image`, `corrupt-image`, `image-too-large`,
 * `bad-model`, `bad-index`, `model-mismatch`, `internal`. Codes from JavaScript: `no-simd` (the browser is too old),
 * `engine-failed` (the wasm cannot start), `download-failed` (no answer, an HTTP error, or a web page in place of a file),
 * `bad-download` (the wrong number of bytes), `unreadable-image` (the file cannot be opened), `crashed` (the engine
 * crashed and must be loaded again), `closed` (used after `close()`).
 */
export class HeyBaghError extends Error {
  /** @type {number | undefined} the HTTP status, if a server answered */
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
 * @param {string} file the engine's wasm
 * @param {unknown} cause the browser's reason
 * @returns {HeyBaghError} `engine-failed`
 */
export function cannotRun(file, cause) {
  const why = (cause instanceof Error ? cause.message : String(cause)).replace(/\.?$/, '.'); // some messages end with a full stop
  return new HeyBaghError('engine-failed', `The engine (${file}) cannot run here: ${why}`);
}

// Engines that the elements of a page share, one for each index and model.

/** @import { Progress } from '../shared/types.js' */
/** @import { Engine, EngineClass, EngineOptions, SharedEngine } from './types.js' */

/** @type {Map<string, SharedEngine>} */
const engines = new Map();

/**
 * Returns the engine for these options, and starts it if there is none. After a failure the next call starts a new one.
 *
 * @param {object} user uses it until `leaveEngine`
 * @param {EngineClass} HeyBagh
 * @param {EngineOptions} options
 * @param {(progress: Progress) => void} onProgress called until it is loaded
 * @returns {Engine} may still be loading
 * @throws {HeyBaghError} the errors of `HeyBagh.open`
 */
export function shareEngine(user, HeyBagh, options, onProgress) {
  const key = JSON.stringify(options);
  const { engine, users, listeners, last } = engines.get(key) ?? begin(key, HeyBagh, options);
  if (last) onProgress(last);
  users.add(user);
  listeners.add(onProgress);
  const done = () => listeners.delete(onProgress);
  engine.ready.then(done, done);
  return engine;
}

/** @param {Engine} engine that crashed or was closed; the next `shareEngine` starts a new one */
export function forgetEngine(engine) {
  for (const [key, shared] of engines) if (shared.engine === engine) engines.delete(key);
}

/**
 * @param {object} user stops using its engine
 * @param {boolean} free free the engine if it has no other user; if false, it stays for later users
 */
export function leaveEngine(user, free) {
  for (const [key, { engine, users }] of engines) {
    if (!users.delete(user) || !free || users.size > 0) continue;
    engines.delete(key);
    engine.close();
  }
}

/**
 * @param {string} key
 * @param {EngineClass} HeyBagh
 * @param {EngineOptions} options
 */
function begin(key, HeyBagh, options) {
  /** @type {Omit<SharedEngine, 'engine'>} */
  const state = { users: new Set(), listeners: new Set(), last: null };
  /** @param {Progress} progress */
  const onProgress = progress => {
    state.last = progress;
    for (const listener of state.listeners) listener(progress);
  };
  const engine = HeyBagh.open({ ...options, onProgress }); // reports progress at once
  const shared = Object.assign(state, { engine });
  engines.set(key, shared);
  engine.ready.catch(() => {
    if (engines.get(key) === shared) engines.delete(key);
  });
  return shared;
}

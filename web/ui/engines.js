// Engines that the elements of a page share: one for each index and model.

const engines = new Map(); // key -> {engine: Promise<HeyBagh>, loaded: HeyBagh, listeners: Set, last: Progress}

/**
 * The engine for these options, loaded if nobody has asked for it yet. heybagh.js itself comes only now.
 *
 * @param {object} options of `HeyBagh.load`, without onProgress
 * @param {(progress: import('../heybagh.js').Progress) => void} onProgress told until it is loaded
 * @returns {Promise<import('../heybagh.js').HeyBagh>}
 * @throws {HeyBaghError} as `HeyBagh.load`; the next call tries again
 */
export async function obtainEngine(options, onProgress) {
  const key = JSON.stringify(options);
  const shared = engines.get(key) ?? begin(key, options);
  if (shared.last) onProgress(shared.last);
  shared.listeners.add(onProgress);
  try {
    return shared.loaded = await shared.engine;
  } catch (error) {
    if (engines.get(key) === shared) engines.delete(key);
    throw error;
  } finally {
    shared.listeners.delete(onProgress);
  }
}

/** Forgets an engine that broke down or was closed, so that the next one who asks gets a new one. */
export function forgetEngine(engine) {
  for (const [key, { loaded }] of engines) if (loaded === engine) engines.delete(key);
}

function begin(key, options) {
  const shared = { loaded: null, listeners: new Set(), last: null };
  const onProgress = progress => {
    shared.last = progress;
    for (const listener of shared.listeners) listener(progress);
  };
  shared.engine = import('../heybagh.js').then(({ HeyBagh }) => HeyBagh.load({ ...options, onProgress }));
  engines.set(key, shared);
  return shared;
}

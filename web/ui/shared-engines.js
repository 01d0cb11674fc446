// Engines that the elements of a page share: one for each index and model.

// ms that the engine's modules may take, of 30 kB: as long as shared/limits.js, which is one of them, gives the Worker
const MODULES = 60_000;

const engines = new Map(); // key -> {engine: Promise<HeyBagh>, opened: HeyBagh, users, listeners: Set, last: Progress}

/**
 * The engine for these options, begun if nobody has asked for it yet. heybagh.js itself comes only now.
 *
 * @param {object} user until it leaves
 * @param {object} options of `HeyBagh.open`, without onProgress
 * @param {(progress: import('../heybagh.js').Progress) => void} onProgress told until it is loaded
 * @returns {Promise<import('../heybagh.js').HeyBagh>} that may still be loading; if that fails, the next call begins anew
 * @throws {HeyBaghError} as `HeyBagh.open`
 */
export async function shareEngine(user, options, onProgress) {
  const key = JSON.stringify(options);
  const shared = engines.get(key) ?? begin(key, options);
  if (shared.last) onProgress(shared.last);
  shared.users.add(user);
  shared.listeners.add(onProgress);
  const engine = await shared.engine;
  const done = () => shared.listeners.delete(onProgress);
  engine.ready.then(done, done);
  return engine;
}

/** Forgets an engine that broke down or was closed, so that the next one who asks gets a new one. */
export function forgetEngine(engine) {
  for (const [key, { opened }] of engines) if (opened === engine) engines.delete(key);
}

/** Without users an engine stays for the next who asks, or is freed. */
export function leaveEngine(user, free) {
  for (const [key, { engine, users }] of engines) {
    if (!users.delete(user) || !free || users.size > 0) continue;
    engines.delete(key);
    engine.then(opened => opened.close(), () => {});
  }
}

function begin(key, options) {
  const shared = { opened: null, users: new Set(), listeners: new Set(), last: null };
  shared.engine = open(shared, options);
  engines.set(key, shared);
  shared.engine.then(engine => engine.ready).catch(() => {
    if (engines.get(key) === shared) engines.delete(key);
  });
  return shared;
}

async function open(shared, options) {
  const { HeyBagh } = await Promise.race([import('../heybagh.js'), late()]);
  shared.opened = HeyBagh.open({
    ...options,
    onProgress: progress => {
      shared.last = progress;
      for (const listener of shared.listeners) listener(progress);
    },
  });
  return shared.opened;
}

/** Nothing else tells of a module that does not come. */
function late() {
  return new Promise((_, reject) => {
    const message = `The engine's modules could not be downloaded: they did not come in ${MODULES / 1000} seconds.`;
    setTimeout(() => reject(Object.assign(new Error(message), { code: 'download-failed' })), MODULES);
  });
}

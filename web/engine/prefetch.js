// The whole index in the background, so that later searches, and later visits, need not wait for the network.

const PARALLEL = 2; // of the six downloads at a time, so that searches find most of them free
const LAST = { rank: Infinity, priority: 'low' };

/**
 * Brings all shards into the cache, and into memory as long as there is room. It ends silently at the first failure:
 * the search that needs the file will tell.
 *
 * @param {import('./index-files.js').IndexFiles} files
 * @param {import('./shard-store.js').ShardStore} shards
 * @param {AbortSignal} [ended] stops it, too
 * @returns {Promise<void>}
 */
export async function prefetch(files, shards, ended) {
  const queue = files.shards.values();
  let failed = false;
  const work = async () => {
    for (const i of queue) {
      if (failed || ended?.aborted) return;
      if (shards.has(i) || (!shards.hasRoomFor(i) && await files.isCached(i))) continue;
      await shards.load(i, LAST.rank, { priority: LAST.priority });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, () => work().catch(() => {
    failed = true;
  })));
}

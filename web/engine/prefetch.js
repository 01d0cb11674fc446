// Fetches the whole index in the background, so that later searches and visits need not wait for the network.

/** @import { How, IndexFiles } from './index-files.js' */
/** @import { ShardStore } from './shard-store.js' */

const PARALLEL = 2; // out of six downloads at a time, so that searches can use the others
/** @type {How} */
const HOW = { priority: 'low' };
const RANK = Infinity; // after all files that searches wait for

/**
 * Brings all shards into the cache, and into memory while there is room. It ends silently at the first failure, which the
 * search that needs the file will report.
 *
 * @param {IndexFiles} files
 * @param {ShardStore} shards
 * @param {AbortSignal} [ended] stops it
 * @returns {Promise<void>}
 */
export async function prefetch(files, shards, ended) {
  const queue = files.shards.values();
  let failed = false;
  const work = async () => {
    for (const i of queue) {
      if (failed || ended?.aborted) return;
      if (shards.has(i) || (!shards.hasRoomFor(i) && await files.isCached(i))) continue;
      await shards.load(i, RANK, HOW);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, () => work().catch(() => {
    failed = true;
  })));
}

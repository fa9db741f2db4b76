import { randomUUID } from 'node:crypto';
import { clearDataset, lockDataset, unlockDataset } from '@kasabi/datasets';
import { pipelined, roleUrl, withTransaction } from '@kasabi/postgres';
import pg from 'pg';

/** As the worker's settings are by default. */
const clearing = { truncateFromBytes: 32_768, truncateTimeoutMs: 500, truncateTries: 3 };

/** How many resets one process does at a time, on both sides. */
export const concurrency = 10;

/** A pool with the rights and the pipelining of the worker, as large as the concurrency. */
export function workerPool(databaseUrl: string): pg.Pool {
  const connectionString = roleUrl(databaseUrl, 'worker');
  return new pg.Pool({ connectionString, max: concurrency, pipeline: true });
}

/**
 * Resets a dataset with the product's statements. `afterLock` and `afterUnlock` are what belongs into the
 * two transactions besides: nothing in a handler of another queue, the record's steps in the loop.
 */
export async function reset(
  pool: pg.Pool,
  datasetId: number,
  record: {
    readonly jobId: string;
    readonly locked: (client: pg.ClientBase) => Promise<unknown>;
    readonly cleared: (client: pg.ClientBase) => Promise<unknown>;
  } = { jobId: randomUUID(), locked: async () => undefined, cleared: async () => undefined },
): Promise<void> {
  const { jobId } = record;
  const held = await withTransaction(pool, async (client) => {
    const [taken] = await pipelined(
      lockDataset(client, { datasetId, jobId, timeoutMs: 10_000 }),
      record.locked(client),
    );
    return taken;
  });
  await withTransaction(pool, async (client) => {
    await clearDataset(client, { datasetId, jobId, ...held, ...clearing });
    await pipelined(
      unlockDataset(client, { datasetId, jobId, fence: held.fence }),
      record.cleared(client),
    );
  });
}

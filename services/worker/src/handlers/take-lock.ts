import {
  DatasetBusy,
  type HeldLock,
  type Lock,
  lockDataset,
  type NamingRequest,
  namingBlockers,
} from '@kasabi/datasets';
import { confirmLease } from '@kasabi/jobs';
import { pipelined, withTransaction } from '@kasabi/postgres';
import { inSpan } from '@kasabi/tracing';
import type pg from 'pg';
import type { JobContext } from './handler.ts';

/** How often to look up what blocks a waiting job, in milliseconds; more often in a short wait. */
const longestLookMs = 1_000;

/** How the waits of a job are watched. */
export const namingOf = ({ claim }: JobContext, lockTimeoutMs: number): NamingRequest => ({
  datasetId: claim.datasetId,
  everyMs: Math.min(longestLookMs, lockTimeoutMs / 4),
});

/**
 * The lock of the claim's dataset, visible to everyone: from the claim's own commit, or from one more where a writer is
 * in flight and has to be waited for.
 *
 * @throws DatasetBusy, LeaseLost
 */
export async function takeLock(context: JobContext, lockTimeoutMs: number): Promise<HeldLock> {
  const { claim, pool, upkeep, signal, log, metrics } = context;
  const { datasetId, jobId } = claim;
  if (claim.lock !== undefined) {
    metrics.lockWaited(0, 'locked');
    return { datasetId, jobId, ...claim.lock };
  }
  const taken = await namingBlockers(upkeep, namingOf(context, lockTimeoutMs), () =>
    withTransaction(
      pool,
      (client) =>
        inSpan('lock', {}, async () => {
          const locking = lock(client, context, lockTimeoutMs);
          const [lockTaken] = await pipelined(locking, confirmLease(client, claim));
          return lockTaken;
        }),
      signal,
    ),
  );
  log.info({ fence: taken.fence }, 'locked');
  return { datasetId, jobId, ...taken };
}

/** Locks the dataset and records how long that took. */
async function lock(
  client: pg.ClientBase,
  { claim: { datasetId, jobId }, metrics }: JobContext,
  timeoutMs: number,
): Promise<Lock> {
  const began = performance.now();
  try {
    const taken = await lockDataset(client, { datasetId, jobId, timeoutMs });
    metrics.lockWaited(performance.now() - began, 'locked');
    return taken;
  } catch (error) {
    if (error instanceof DatasetBusy) metrics.lockWaited(performance.now() - began, 'busy');
    throw error;
  }
}

import {
  type ClearRequest,
  clearDataset,
  DatasetBusy,
  type Lock,
  lockDataset,
  namingBlockers,
  unlockDataset,
} from '@kasabi/datasets';
import type { Delivery } from '@kasabi/domain';
import { complete, confirmLease } from '@kasabi/jobs';
import { pipelined, withTransaction } from '@kasabi/postgres';
import { inSpan } from '@kasabi/tracing';
import type pg from 'pg';
import type { Handler, JobContext } from './handler.ts';

/** How often to look up what blocks a waiting job, in milliseconds; more often in a short wait. */
const longestLookMs = 1_000;

/** How long a reset waits for others, and how it clears; times are in milliseconds. */
export interface ResetLimits
  extends Pick<ClearRequest, 'truncateFromBytes' | 'truncateTimeoutMs' | 'truncateTries'> {
  /** How long one attempt waits for writers in flight. */
  readonly lockTimeoutMs: number;
}

export const createReset =
  (limits: ResetLimits): Handler =>
  (context) =>
    reset(context, limits);

/**
 * Resets a dataset. One transaction locks it, visibly to everyone: the claim's own, or one more where a writer is in
 * flight and has to be waited for. A second clears and unlocks it and completes the record: its effect and its record are one commit, so there is no moment at which one
 * has happened and the other has not.
 */
async function reset(context: JobContext, limits: ResetLimits): Promise<Delivery | undefined> {
  const { claim, pool, upkeep, signal, log, metrics } = context;
  const { lockTimeoutMs, ...clearing } = limits;
  const { datasetId, jobId } = claim;

  const naming = {
    datasetId,
    everyMs: Math.min(longestLookMs, lockTimeoutMs / 4),
  };

  const taken =
    claim.lock ??
    (await namingBlockers(upkeep, naming, () =>
      withTransaction(
        pool,
        async (client) => {
          return await inSpan('lock', {}, async () => {
            const locking = lock(client, context, lockTimeoutMs);
            const [lockTaken] = await pipelined(locking, confirmLease(client, claim));
            return lockTaken;
          });
        },
        signal,
      ),
    ));
  const { fence } = taken;
  if (claim.lock === undefined) log.info({ fence }, 'locked');
  else metrics.lockWaited(0, 'locked');

  const clear = async (client: pg.ClientBase) => {
    const cleared = await inSpan('clear', {}, async (span) => {
      const done = await clearDataset(client, { datasetId, jobId, ...taken, ...clearing });
      span.set({ 'kasabi.method': done });
      return done;
    });
    // Last, to keep it short: from here to the commit, writers wait for the registry row.
    const [, waiting] = await pipelined(
      inSpan('unlock', {}, () => unlockDataset(client, { datasetId, jobId, fence })),
      inSpan('complete', {}, () => complete(client, claim)),
    );
    return { method: cleared, next: waiting };
  };
  const { method, next } = await namingBlockers(upkeep, naming, () =>
    withTransaction(pool, clear, signal),
  );
  metrics.cleared(method);
  log.debug({ fence, method }, 'cleared and unlocked');
  return next;
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

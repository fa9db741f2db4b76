import {
  clearDataset,
  DatasetBusy,
  type Lock,
  lockDataset,
  namingBlockers,
  unlockDataset,
} from '@kasabi/datasets';
import type { Delivery } from '@kasabi/domain';
import { complete, recordFence } from '@kasabi/jobs';
import { pipelined, withTransaction } from '@kasabi/postgres';
import { inSpan } from '@kasabi/tracing';
import type pg from 'pg';
import type { JobContext } from './handler.ts';

/** How often to look who is in the way of a job that waits, in milliseconds; often in a short wait. */
const longestLookMs = 1_000;

/**
 * Resets a dataset. One transaction locks it, for all to see. A second clears and unlocks it and
 * completes the record: its effect and its record are one commit, so there is no moment at which one
 * has happened and the other has not.
 */
export async function reset(context: JobContext): Promise<Delivery | undefined> {
  const { claim, pool, upkeep, settings, signal, log, metrics } = context;
  const { datasetId, jobId } = claim;

  const naming = {
    datasetId,
    everyMs: Math.min(longestLookMs, settings.LOCK_TIMEOUT_MS / 4),
  };

  const held = await namingBlockers(upkeep, naming, () =>
    withTransaction(
      pool,
      async (client) => {
        return await inSpan('lock', {}, async () => {
          const [taken] = await pipelined(lock(client, context), recordFence(client, claim));
          return taken;
        });
      },
      signal,
    ),
  );
  const { fence } = held;
  log.info({ fence }, 'locked');

  const clear = async (client: pg.ClientBase) => {
    const cleared = await inSpan('clear', {}, async (span) => {
      const done = await clearDataset(client, {
        datasetId,
        jobId,
        ...held,
        truncateFromBytes: settings.TRUNCATE_FROM_BYTES,
        truncateTimeoutMs: settings.TRUNCATE_TIMEOUT_MS,
        truncateTries: settings.TRUNCATE_TRIES,
      });
      span.set({ 'kasabi.method': done });
      return done;
    });
    // Last, and briefly: from here to the commit, writers wait for the registry row.
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

/** Locks the dataset and notes how long that took. */
async function lock(
  client: pg.ClientBase,
  { claim: { datasetId, jobId }, settings, metrics }: JobContext,
): Promise<Lock> {
  const began = performance.now();
  try {
    const timeoutMs = settings.LOCK_TIMEOUT_MS;
    const taken = await lockDataset(client, { datasetId, jobId, timeoutMs });
    metrics.lockWaited(performance.now() - began, 'locked');
    return taken;
  } catch (error) {
    if (error instanceof DatasetBusy) metrics.lockWaited(performance.now() - began, 'busy');
    throw error;
  }
}

import { type ClearRequest, clearDataset, namingBlockers, unlockDataset } from '@kasabi/datasets';
import { type Delivery, jobTypes } from '@kasabi/domain';
import { complete } from '@kasabi/jobs';
import { pipelined, withTransaction } from '@kasabi/postgres';
import { inSpan } from '@kasabi/tracing';
import type pg from 'pg';
import { type ExportServices, keeping, writeExport } from './export.ts';
import type { Handler, JobContext } from './handler.ts';
import { namingOf, takeLock } from './take-lock.ts';

/** How long a job waits for others, and how it replaces data; times are in milliseconds. */
export interface ResetLimits
  extends Pick<ClearRequest, 'truncateFromBytes' | 'truncateTimeoutMs' | 'truncateTries'> {
  /** How long one attempt waits for writers in flight. */
  readonly lockTimeoutMs: number;
}

export const createReset =
  (limits: ResetLimits, exports: ExportServices): Handler =>
  (context) =>
    reset(context, limits, exports);

/**
 * Resets a dataset. One transaction locks it. A second clears and unlocks it and completes the record: its effect and
 * its record are one commit, so there is no moment at which one has happened and the other has not. Between the two, the
 * data is written to a file if that was asked for: it is what the second deletes, because nobody can write meanwhile.
 */
async function reset(
  context: JobContext,
  limits: ResetLimits,
  exports: ExportServices,
): Promise<Delivery | undefined> {
  const { claim, pool, upkeep, signal, log, metrics } = context;
  const { lockTimeoutMs, ...clearing } = limits;
  const held = await takeLock(context, lockTimeoutMs);
  const { fence } = held;
  const { keepExport } = jobTypes.reset.parameters.parse(claim.parameters);
  const file = keepExport === 'true' ? await writeExport(context, exports, 'nq.gz') : null;

  const clear = async (client: pg.ClientBase) => {
    const cleared = await inSpan('clear', {}, async (span) => {
      const done = await clearDataset(client, { ...held, ...clearing });
      span.set({ 'kasabi.method': done });
      return done;
    });
    // Last, to keep it short: from here to the commit, writers wait for the registry row.
    const [, waiting] = await pipelined(
      inSpan('unlock', {}, () => unlockDataset(client, held)),
      inSpan('complete', {}, () => complete(client, claim, file)),
    );
    return { method: cleared, next: waiting };
  };
  const commit = () =>
    namingBlockers(upkeep, namingOf(context, lockTimeoutMs), () =>
      withTransaction(pool, clear, signal),
    );
  const { method, next } = await (file === null
    ? commit()
    : keeping(context, exports, file, commit));
  metrics.cleared(method);
  log.debug({ fence, method }, 'cleared and unlocked');
  return next;
}

import type { Database } from '@kasabi/postgres';
import type { Delivery, Enqueue } from './delivery.ts';
import { createLoop, type Loop } from './loop.ts';
import { markEnqueued } from './mark-enqueued.ts';

export interface RelayOptions {
  readonly db: Database;
  /** Adds deliveries that Redis does not hold. */
  readonly enqueue: Enqueue;
  /** The same for overdue jobs, and makes due at once those that Redis holds as delayed. */
  readonly assert: Enqueue;
  /**
   * True when the queue may have lost what it held since the last call: Redis was restarted, failed
   * over or wiped, or this is the first call.
   */
  readonly lostData: () => Promise<boolean>;
  /** Tells Redis's present data that the records know of it; called after they were marked. */
  readonly acknowledgeData: () => Promise<void>;
  readonly intervalMs: number;
  /** Jobs due later than this many milliseconds from now stay out of Redis. */
  readonly horizonMs: number;
  /** How long a due job may stay unclaimed, in milliseconds, before its delivery is asserted again. */
  readonly overdueMs: number;
  readonly batchSize: number;
  readonly onRound?: (round: { readonly enqueued: number; readonly overdue: number }) => void;
  readonly onError: (error: unknown) => void;
}

// Fresh records are the API's to enqueue; it does so behind its answer.
const toEnqueue = `
  SELECT id AS "jobId", attempt, (extract(epoch FROM due) * 1000)::float8 AS due,
         (extract(epoch FROM now()) * 1000)::float8 AS now
  FROM kasabi.job
  WHERE status = 'scheduled' AND enqueued_at IS NULL
    AND due < now() + $1 * interval '1 millisecond'
    AND created < now() - interval '1 second'
  ORDER BY due LIMIT $2`;

// The oldest due jobs only: a round costs the same whatever the backlog. A delivery that was asserted
// after its job was due is left alone for half a minute: it waits its turn, or was snoozed.
const overdue = `
  SELECT "jobId", attempt, due, now FROM (
    SELECT id AS "jobId", attempt, (extract(epoch FROM due) * 1000)::float8 AS due,
           (extract(epoch FROM now()) * 1000)::float8 AS now, enqueued_at,
           greatest(job.due, now() - interval '30 seconds') AS asserted_before
    FROM kasabi.job
    WHERE status = 'scheduled' AND due < now() - $1 * interval '1 millisecond'
    ORDER BY job.due LIMIT $2
  ) AS oldest WHERE enqueued_at < asserted_before`;

const forgetAll = `
  UPDATE kasabi.job SET enqueued_at = NULL
  WHERE status = 'scheduled' AND due < now() + $1 * interval '1 millisecond'
    AND enqueued_at IS NOT NULL`;

/**
 * The relay: sees to it that Redis holds every job that it should. It covers an API that died between
 * record and enqueue, a Redis that was down, lost its data or failed over, and jobs that lay beyond the
 * horizon. Handing a job over twice is harmless: the queue drops the second.
 */
export function createRelay(options: RelayOptions): Loop {
  async function handOver(text: string, limitMs: number, to: Enqueue): Promise<number> {
    let total = 0;
    for (;;) {
      const { rows } = await options.db.query<Delivery>(text, [limitMs, options.batchSize]);
      if (rows.length === 0) return total;
      await to(rows);
      await markEnqueued(options.db, rows);
      total += rows.length;
      if (rows.length < options.batchSize) return total;
    }
  }

  async function runOnce(): Promise<void> {
    if (await options.lostData()) {
      await options.db.query(forgetAll, [options.horizonMs]);
      await options.acknowledgeData();
    }
    const enqueued = await handOver(toEnqueue, options.horizonMs, options.enqueue);
    const late = await handOver(overdue, options.overdueMs, options.assert);
    options.onRound?.({ enqueued, overdue: late });
  }

  return createLoop({
    name: 'relay',
    intervalMs: options.intervalMs,
    runOnce,
    onError: options.onError,
  });
}

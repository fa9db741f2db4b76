import { isPaused } from '@kasabi/datasets';
import type { Delivery, Enqueue } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import { createLoop, type Loop } from '@kasabi/runtime';
import { markEnqueued } from './mark-enqueued.ts';

export interface RelayOptions {
  readonly db: Database;
  /** Adds deliveries that Redis does not hold. */
  readonly enqueue: Enqueue;
  /** The same for overdue jobs, and makes due at once those that Redis holds as delayed. */
  readonly ensureDue: Enqueue;
  /**
   * True when the queue may have lost what it held since that was acknowledged: Redis was restarted,
   * failed over or wiped.
   */
  readonly lostData: () => Promise<boolean>;
  /** Tells Redis's present data that the records know of it; called after they were marked. */
  readonly acknowledgeData: () => Promise<void>;
  readonly intervalMs: number;
  /** Jobs due later than this many milliseconds from now stay out of Redis. */
  readonly horizonMs: number;
  /** How long a due job may stay unclaimed, in milliseconds, before its delivery is asserted again. */
  readonly overdueMs: number;
  /** How long after that its delivery is asserted again, in milliseconds, while it stays unclaimed. */
  readonly reassertMs: number;
  readonly batchSize: number;
  /**
   * Told that Redis lost what it held, and how many deliveries it is handed again. Not of an empty Redis
   * that was never used.
   */
  readonly onLoss?: (loss: { readonly forgotten: number }) => void;
  readonly onRound?: (round: { readonly enqueued: number; readonly overdue: number }) => void;
  readonly onError: (error: unknown) => void;
}

// Fresh records are the API's to enqueue; it does so behind its answer.
const toEnqueue = `
  SELECT id AS "jobId", attempt, trace, (extract(epoch FROM due) * 1000)::float8 AS due,
         due <= now() AS "isDue"
  FROM kasabi.job
  WHERE status = 'scheduled' AND enqueued_at IS NULL
    AND due < now() + $1 * interval '1 millisecond'
    AND created < now() - interval '1 second'
  ORDER BY due LIMIT $2`;

interface Unnoted extends Delivery {
  readonly isDue: boolean;
}

interface Overdue extends Delivery {
  readonly missing: boolean;
  readonly after: Date;
}

// A page of the due jobs, in their order: a round costs the same whatever the backlog, and the next round
// goes on where this one ended. A delivery that was asserted after its job was due is left alone for a
// while: it waits its turn, or was snoozed. One of a paused dataset is left alone until that is resumed; it is
// looked at with the page, for a round to cost the same however many there are.
const overdue = `
  SELECT id AS "jobId", attempt, trace, (extract(epoch FROM page.due) * 1000)::float8 AS due,
         page.due AS after,
         enqueued_at < greatest(page.due, now() - $5 * interval '1 millisecond')
           AND NOT ${isPaused('page.dataset_id')} AS missing
  FROM (
    SELECT id, dataset_id, attempt, trace, due, enqueued_at FROM kasabi.job
    WHERE status = 'scheduled' AND due < now() - $1 * interval '1 millisecond'
      AND due >= $3 AND (due, id) > ($3, $4)
    ORDER BY due, id LIMIT $2
  ) AS page
  ORDER BY page.due, id`;

const forget = `
  UPDATE kasabi.job SET enqueued_at = NULL
  WHERE id IN (
    SELECT id FROM kasabi.job
    WHERE status = 'scheduled' AND due < now() + $1 * interval '1 millisecond'
      AND enqueued_at IS NOT NULL
    LIMIT $2)`;

const beginning = { after: new Date(0), jobId: '00000000-0000-0000-0000-000000000000' };

/**
 * The relay: sees to it that Redis holds every job that it should. It covers an API that died between
 * record and enqueue, a Redis that was down, lost its data or failed over, and jobs that lay beyond the
 * horizon. Handing a job over twice is harmless: the queue drops the second.
 */
export function createRelay(options: RelayOptions): Loop {
  const { db, batchSize } = options;
  let page: Pick<Overdue, 'after' | 'jobId'> = beginning;
  /** Whether this relay knew the data in Redis before. */
  let acquainted = false;

  async function forgetAll(): Promise<number> {
    for (let total = 0; ; ) {
      const { rowCount } = await db.query(forget, [options.horizonMs, 10_000]);
      total += rowCount ?? 0;
      if ((rowCount ?? 0) < 10_000) return total;
    }
  }

  async function enqueueMissing(): Promise<number> {
    for (let total = 0; ; ) {
      const { rows } = await db.query<Unnoted>(toEnqueue, [options.horizonMs, batchSize]);
      // What is due may be in Redis as delayed, by a worker whose clock was wrong.
      const due = rows.filter((row) => row.isDue);
      const ahead = rows.filter((row) => !row.isDue);
      if (due.length > 0) await options.ensureDue(due);
      if (ahead.length > 0) await options.enqueue(ahead);
      if (rows.length > 0) await markEnqueued(db, rows);
      total += rows.length;
      if (rows.length < batchSize) return total;
    }
  }

  async function assertOverdue(): Promise<number> {
    const { rows } = await db.query<Overdue>(overdue, [
      options.overdueMs,
      batchSize,
      page.after,
      page.jobId,
      options.reassertMs,
    ]);
    const missing = rows.filter((row) => row.missing);
    if (missing.length > 0) {
      await options.ensureDue(missing);
      await markEnqueued(db, missing);
    }
    page = rows.length < batchSize ? beginning : (rows.at(-1) ?? beginning);
    return missing.length;
  }

  async function runOnce(): Promise<void> {
    if (await options.lostData()) {
      const forgotten = await forgetAll();
      await options.acknowledgeData();
      if (acquainted || forgotten > 0) options.onLoss?.({ forgotten });
    }
    acquainted = true;
    const enqueued = await enqueueMissing();
    const late = await assertOverdue();
    options.onRound?.({ enqueued, overdue: late });
  }

  return createLoop({
    name: 'relay',
    intervalMs: options.intervalMs,
    runOnce,
    onError: options.onError,
  });
}

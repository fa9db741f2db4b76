import { isPaused } from '@kasabi/datasets';
import type { Delivery, Enqueue } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import { createLoop, type Loop } from '@kasabi/runtime';
import { markEnqueued } from './mark-enqueued.ts';

export interface RelayOptions {
  readonly db: Database;
  /** Adds deliveries that Redis does not hold yet. */
  readonly enqueue: Enqueue;
  /** The same for due jobs; deliveries that Redis holds as delayed become due at once. */
  readonly ensureDue: Enqueue;
  /**
   * Whether the queue may have lost data since the last `acknowledgeData`: Redis was restarted, failed over or wiped.
   */
  readonly lostData: () => Promise<boolean>;
  /** Marks the present data of Redis as known; called once the records show that Redis has to be handed everything. */
  readonly acknowledgeData: () => Promise<void>;
  readonly intervalMs: number;
  /** Jobs due later than this many milliseconds from now stay out of Redis. */
  readonly horizonMs: number;
  /** How long a due job may stay unclaimed, in milliseconds, before its delivery is asserted. */
  readonly overdueMs: number;
  /** The pause before its delivery is asserted again, in milliseconds, while it stays unclaimed. */
  readonly reassertMs: number;
  readonly batchSize: number;
  /**
   * Called when Redis has lost its data, with the number of deliveries that it is handed again. Not called for an empty
   * Redis that was never used.
   */
  readonly onLoss?: (loss: { readonly forgotten: number }) => void;
  readonly onRound?: (round: { readonly enqueued: number; readonly overdue: number }) => void;
  readonly onError: (error: unknown) => void;
}

// The api itself enqueues new records, right after it has answered.
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

// A page of the due jobs, in order: a round costs the same whatever the backlog, and the next round continues where
// this one ended. A delivery that was asserted after its job was due is left alone for a while, because it waits its
// turn or was snoozed. Jobs of paused datasets are left alone until they are resumed. They are part of the page all the
// same, so that a round costs the same however many there are.
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
 * The relay makes sure that Redis holds every job that it should. It helps when an api died between record and enqueue,
 * when Redis was down, lost its data or failed over, and when a job was beyond the horizon. Handing a job over twice is
 * harmless: the queue drops the second delivery.
 */
export function createRelay(options: RelayOptions): Loop {
  const { db, batchSize } = options;
  let page: Pick<Overdue, 'after' | 'jobId'> = beginning;
  /** Whether this relay has seen the data in Redis before. */
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
      // A due job may be delayed in Redis, because of a worker whose clock was wrong.
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

import { setTimeout as sleep } from 'node:timers/promises';
import { isUuid } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import type { QueueView } from '@kasabi/queue';

/** Where Postgres and Redis differ, in a sample. */
export interface Drift {
  /** How many records were looked up in Redis, and which of them it lacks. */
  readonly records: number;
  readonly missing: readonly string[];
  /** How many deliveries were looked up in Postgres. */
  readonly deliveries: number;
  /** How many of these belong to jobs that have ended; a worker drops them when they are due. */
  readonly ended: number;
  /** Deliveries of jobs that Postgres does not have: another database uses this Redis too. */
  readonly foreign: readonly string[];
}

interface Expected {
  readonly id: string;
  readonly attempt: number;
}

// Handed over at least a second ago: since then Redis should have it.
const handedOver = `
  SELECT id, attempt FROM kasabi.job
  WHERE status = 'scheduled' AND enqueued_at < now() - interval '1 second' AND ($2::uuid[] IS NULL OR id = ANY($2))
  ORDER BY due LIMIT $1`;

/** The pause before the second look, in milliseconds. */
const secondLookMs = 1_000;

/**
 * Compares Postgres with Redis: up to `sample` records that are due next, and as many deliveries. Jobs move in the
 * meantime, so what seems missing is looked up again a second later.
 */
export async function readDrift(db: Database, queue: QueueView, sample: number): Promise<Drift> {
  const expect = async (ids: readonly string[] | null): Promise<Expected[]> =>
    (await db.query<Expected>(handedOver, [sample, ids])).rows;
  const expected = await expect(null);
  let missing = await queue.missing(expected);
  if (missing.length > 0) {
    await sleep(secondLookMs);
    missing = await queue.missing(await expect(missing));
  }
  const held = await queue.held(sample);
  const { rows } = await db.query<{ id: string; status: string }>(
    'SELECT id, status FROM kasabi.job WHERE id = ANY($1::uuid[])',
    [held.filter(isUuid)],
  );
  const statuses = new Map(rows.map(({ id, status }) => [id, status]));
  return {
    records: expected.length,
    missing,
    deliveries: held.length,
    ended: rows.filter(({ status }) => status !== 'scheduled' && status !== 'running').length,
    foreign: held.filter((id) => !statuses.has(id)),
  };
}

import { filterSql, type JobFilter } from '@kasabi/jobs';
import type { Database } from '@kasabi/postgres';
import { cancelAsOperator } from './cancel-as-operator.ts';
import { describeFilter } from './job-filter.ts';
import { plural } from './plural.ts';
import { recordAction } from './record-action.ts';
import { repeatAsOperator } from './repeat-as-operator.ts';

/** What can be done to all jobs that match a filter. */
export type BulkVerb = 'cancel' | 'retry';

export const bulkVerbs = ['cancel', 'retry'] as const satisfies readonly BulkVerb[];

/** The most jobs in one bulk action. */
export const mostInBulk = 100_000;

/** The jobs that a bulk action concerns. */
export interface BulkCount {
  /** The exact number; `mostInBulk` + 1 means more than `mostInBulk`. */
  readonly count: number;
  /** The id of the newest one; later jobs are left alone. Null when there are none. */
  readonly newest: string | null;
}

/** Whether this can be done to jobs of the filter's status: scheduled jobs are cancelled, failed ones repeated. */
export const suits = (verb: BulkVerb, { status }: JobFilter): boolean =>
  status === undefined || status === statusOf[verb];

const statusOf = { cancel: 'scheduled', retry: 'failed' } as const;

/** Counts the jobs that a bulk action would concern; failed jobs that were already repeated do not count. */
export async function countForBulk(
  db: Database,
  verb: BulkVerb,
  filter: JobFilter,
): Promise<BulkCount> {
  const { text, values } = selection(verb, filter, undefined);
  const { rows } = await db.query<{ count: number; newest: string | null }>(
    `SELECT count(*)::int AS count, (array_agg(id ORDER BY id DESC))[1] AS newest
     FROM (${text} LIMIT ${mostInBulk + 1}) AS found`,
    values,
  );
  return rows[0] as BulkCount;
}

/** `412 scheduled jobs of the owner nasa`. */
export function describeBulk(verb: BulkVerb, filter: JobFilter, count: number): string {
  return `${plural(count, `${statusOf[verb]} job`)} ${describeFilter(filter)}`.trimEnd();
}

export interface BulkRequest {
  readonly verb: BulkVerb;
  readonly filter: JobFilter;
  /** What the operator agreed to: no more jobs than these, and none that is newer. */
  readonly agreed: BulkCount;
  readonly operatorAddress: string;
  /** Ends the action early, between two batches. */
  readonly signal?: AbortSignal;
  /** Called after each batch. */
  readonly onProgress?: (doneWith: number, of: number) => void;
}

/**
 * `done`: how many jobs had each outcome, and how many were left when the action was stopped. `changed`: more jobs
 * match now than were agreed to, and nothing was done.
 */
export type BulkOutcome =
  | {
      readonly outcome: 'done';
      /** The id of the bulk action's audit record; the records of the single jobs refer to it. */
      readonly actionId: string;
      readonly outcomes: Readonly<Record<string, number>>;
      readonly left: number;
    }
  | { readonly outcome: 'changed'; readonly count: number };

/** How many jobs are done at the same time, each by a statement of its own. */
const batchSize = 8;

/**
 * Cancels or repeats all jobs that match a filter, oldest first. Each is done by itself, with its own audit record, so
 * that a job that has changed meanwhile is left alone. The bulk action has two audit records: what was asked for, when
 * it begins, and what came of it, when it ends.
 */
export async function runBulk(db: Database, request: BulkRequest): Promise<BulkOutcome> {
  const { verb, filter, agreed, operatorAddress, signal, onProgress } = request;
  const { text, values } = selection(verb, filter, agreed.newest ?? undefined);
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM (${text} LIMIT ${mostInBulk + 1}) AS found ORDER BY id`,
    values,
  );
  if (rows.length > agreed.count || rows.length > mostInBulk) {
    return { outcome: 'changed', count: rows.length };
  }
  const about = { action: `${verb}-all`, operatorAddress } as const;
  const asked = describeBulk(verb, filter, rows.length);
  const actionId = await recordAction(db, { ...about, detail: asked, outcome: 'begun' });
  const outcomes: Record<string, number> = {};
  let doneWith = 0;
  try {
    while (doneWith < rows.length && signal?.aborted !== true) {
      const batch = rows.slice(doneWith, doneWith + batchSize);
      const act = verb === 'cancel' ? cancelAsOperator : repeatAsOperator;
      const came = await Promise.all(
        batch.map(({ id }) => act(db, { jobId: id, operatorAddress, partOf: actionId })),
      );
      for (const { outcome } of came) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      doneWith += batch.length;
      onProgress?.(doneWith, rows.length);
    }
    return { outcome: 'done', actionId, outcomes, left: rows.length - doneWith };
  } finally {
    const came = describeOutcomes(outcomes, rows.length - doneWith);
    const outcome = doneWith === rows.length ? 'done' : 'stopped';
    await recordAction(db, { ...about, partOf: actionId, detail: `${asked}: ${came}`, outcome });
  }
}

/** `410 done, 2 not-scheduled`. */
export function describeOutcomes(outcomes: Readonly<Record<string, number>>, left: number): string {
  const parts = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  if (left > 0) parts.push(`${left} left`);
  return parts.length === 0 ? 'nothing to do' : parts.join(', ');
}

/** A query for the ids that a bulk action concerns, in no particular order. */
function selection(
  verb: BulkVerb,
  filter: JobFilter,
  newest: string | undefined,
): { readonly text: string; readonly values: unknown[] } {
  const sql = filterSql({ ...filter, status: undefined });
  // The status is no parameter, so that Postgres uses the partial index of the few jobs in it.
  const conditions = [`j.status = '${statusOf[verb]}'`, ...sql.indexed, ...sql.scanned];
  if (filter.status !== undefined && filter.status !== statusOf[verb]) conditions.push('false');
  if (newest !== undefined) conditions.push(`j.id <= ${sql.parameter(newest)}::uuid`);
  if (sql.datasets.length > 0) {
    conditions.push(
      `j.dataset_id IN (SELECT d.id FROM kasabi.dataset d WHERE ${sql.datasets.join(' AND ')})`,
    );
  }
  if (verb === 'retry') {
    conditions.push(`NOT EXISTS (
      SELECT FROM kasabi.operator_action a
      WHERE a.job_id = j.id AND a.action = 'retry' AND a.outcome = 'done')`);
  }
  return {
    text: `SELECT j.id FROM kasabi.job j WHERE ${conditions.join(' AND ')}`,
    values: sql.values,
  };
}

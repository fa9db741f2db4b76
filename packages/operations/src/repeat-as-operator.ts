import type { RecordStatus } from '@kasabi/domain';
import { type Database, hasSqlState, sqlState } from '@kasabi/postgres';
import type { ActionOnJob } from './cancel-as-operator.ts';

export type OperatorRepeatOutcome =
  /** `jobId` is the new job; `dataset` is its dataset's short code. */
  | { readonly outcome: 'done'; readonly jobId: string; readonly dataset: string }
  | { readonly outcome: 'job-unknown' }
  /** It was cancelled, so somebody does not want it done. Nothing was changed. */
  | { readonly outcome: 'cancelled' }
  /** Only a failed job can be repeated. */
  | { readonly outcome: 'not-failed'; readonly status: RecordStatus }
  /** It was already repeated, by the job `jobId`. */
  | { readonly outcome: 'repeated'; readonly jobId: string };

interface Row {
  readonly outcome: OperatorRepeatOutcome['outcome'];
  readonly status: RecordStatus;
  readonly dataset: string;
  readonly made: string | null;
  readonly earlier: string | null;
}

/**
 * Repeats a failed job. The record of a job that has ended never changes, so this makes a new job, due at once, with
 * the same type, parameters, dataset and key and a reference to the failed one. The relay hands it to Redis within moments. A
 * cancelled job cannot be repeated: it has done nothing, and somebody did not want it done.
 *
 * A job can be repeated only once, so that a request that is sent twice resets a dataset once. If the new job fails
 * too, it can be repeated in turn. If two requests come at the same moment, the audit's unique index refuses one.
 */
export async function repeatAsOperator(
  db: Database,
  action: ActionOnJob,
): Promise<OperatorRepeatOutcome> {
  try {
    return await repeat(db, action);
  } catch (error) {
    if (!hasSqlState(error, sqlState.uniqueViolation)) throw error;
    return await repeat(db, action);
  }
}

async function repeat(
  db: Database,
  { jobId, operatorAddress, partOf }: ActionOnJob,
): Promise<OperatorRepeatOutcome> {
  const { rows } = await db.query<Row>({
    name: 'repeat-as-operator',
    text: `
      WITH asked AS (
        SELECT j.id, j.dataset_id, j.type, j.status, j.parameters, j.requested_by, d.code,
               -- The previous version's api recorded cancelled jobs as failed.
               j.status = 'cancelled' OR EXISTS (
                 SELECT FROM kasabi.job_transition t WHERE t.job_id = j.id AND t.event = 'cancel') AS cancelled,
               (SELECT a.made_job_id FROM kasabi.operator_action a
                WHERE a.job_id = j.id AND a.action = 'retry' AND a.outcome = 'done' LIMIT 1) AS earlier
        FROM (VALUES (1)) AS one LEFT JOIN kasabi.job j ON j.id = $1
        LEFT JOIN kasabi.dataset d ON d.id = j.dataset_id
      ), made AS (
        INSERT INTO kasabi.job (dataset_id, type, parameters, start_time, due, message, requested_by, repeats)
        SELECT dataset_id, type, parameters, now(), now(), format('Repeats job %s, asked for by an operator.', id),
               requested_by, id
        FROM asked WHERE status = 'failed' AND NOT cancelled AND earlier IS NULL
        RETURNING id
      ), settled AS (
        SELECT asked.dataset_id, asked.status, asked.code AS dataset, made.id AS made, asked.earlier,
               CASE WHEN made.id IS NOT NULL THEN 'done' WHEN asked.id IS NULL THEN 'job-unknown'
                    WHEN asked.cancelled THEN 'cancelled'
                    WHEN asked.earlier IS NOT NULL THEN 'repeated' ELSE 'not-failed' END AS outcome
        FROM asked LEFT JOIN made ON true
      ), audited AS (
        INSERT INTO kasabi.operator_action
          (action, job_id, dataset_id, operator_address, outcome, made_job_id, part_of)
        SELECT 'retry', $1::uuid, dataset_id, $2, outcome, made, $3::uuid FROM settled
      )
      SELECT outcome, status, dataset, made, earlier FROM settled`,
    values: [jobId, operatorAddress, partOf ?? null],
  });
  const { outcome, status, dataset, made, earlier } = rows[0] as Row;
  switch (outcome) {
    case 'done':
      return { outcome, jobId: made as string, dataset };
    case 'repeated':
      return { outcome, jobId: earlier as string };
    case 'not-failed':
      return { outcome, status };
    case 'job-unknown':
    case 'cancelled':
      return { outcome };
  }
}

import type { RecordStatus } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';

export type OperatorUnlockOutcome =
  | { readonly outcome: 'done' | 'dataset-unknown' | 'not-locked' }
  /** The job that holds the lock has not ended; nothing was changed. */
  | { readonly outcome: 'job-not-ended'; readonly jobId: string; readonly status: RecordStatus };

interface Row {
  readonly outcome: OperatorUnlockOutcome['outcome'];
  readonly job_id: string | null;
  readonly status: RecordStatus | null;
}

/**
 * Unlocks a dataset whose job has ended or does not exist, with an audit record, in one statement. The database itself
 * checks that, in the only function that may do this. It gives up (SQLSTATE 55P03) if an open transaction holds the
 * registry's row for more than 2 s.
 */
export async function unlockAsOperator(
  db: Database,
  { dataset, operatorAddress }: { readonly dataset: string; readonly operatorAddress: string },
): Promise<OperatorUnlockOutcome> {
  const { rows } = await db.query<Row>({
    name: 'unlock-as-operator',
    text: `
      WITH asked AS (
        SELECT d.id, d.locked_by, j.status
        FROM (VALUES (1)) AS one LEFT JOIN kasabi.dataset d ON d.code = $1
        LEFT JOIN kasabi.job j ON j.id = d.locked_by
      ), settled AS MATERIALIZED (
        SELECT id, locked_by, status,
               CASE WHEN id IS NULL THEN 'dataset-unknown' WHEN locked_by IS NULL THEN 'not-locked'
                    WHEN kasabi.release_abandoned_lock(id, locked_by) THEN 'done'
                    ELSE 'job-not-ended' END AS outcome
        FROM asked
      ), audited AS (
        INSERT INTO kasabi.operator_action (action, job_id, dataset_id, operator_address, outcome)
        SELECT 'unlock', locked_by, id, $2, outcome FROM settled
      )
      SELECT outcome, locked_by AS job_id, status FROM settled`,
    values: [dataset, operatorAddress],
  });
  const { outcome, job_id: jobId, status } = rows[0] as Row;
  if (outcome !== 'job-not-ended') return { outcome };
  // The job had ended when this began, but there was no lock any more: somebody else has just unlocked the dataset.
  const hasEnded = status !== 'scheduled' && status !== 'running';
  return jobId === null || hasEnded ? { outcome: 'not-locked' } : { outcome, jobId, status };
}

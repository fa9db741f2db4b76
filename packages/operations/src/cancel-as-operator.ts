import type { JobType, RecordStatus } from '@kasabi/domain';
import { cancelAsked } from '@kasabi/jobs';
import type { Database } from '@kasabi/postgres';

/** Which job an operator acts on, and from where. */
export interface ActionOnJob {
  readonly jobId: string;
  /** An address, or 'command line'. */
  readonly operatorAddress: string;
  /** The id of the audit record of the bulk action that this is a part of. */
  readonly partOf?: string | undefined;
}

export type OperatorCancelOutcome =
  | { readonly outcome: 'done' | 'job-unknown' }
  /** The job has ended, or is running and of a type that is not cancelled then; nothing was changed. */
  | { readonly outcome: 'not-scheduled'; readonly status: RecordStatus; readonly type: JobType };

interface Row {
  readonly outcome: OperatorCancelOutcome['outcome'];
  readonly status: RecordStatus;
  readonly type: JobType;
}

const cancelled = cancelAsked({ by: "'an operator'", actor: "'operator'" });

/** Cancels a job of any owner, with an audit record, in one statement. */
export async function cancelAsOperator(
  db: Database,
  { jobId, operatorAddress, partOf }: ActionOnJob,
): Promise<OperatorCancelOutcome> {
  const { rows } = await db.query<Row>({
    name: 'cancel-as-operator',
    text: `
      WITH asked AS (
        SELECT j.id, j.dataset_id, j.status, j.type,
               CASE WHEN j.id IS NULL THEN 'job-unknown' ELSE 'not-scheduled' END AS outcome
        FROM (VALUES (1)) AS one LEFT JOIN kasabi.job j ON j.id = $1
      ), ${cancelled}, settled AS (
        SELECT asked.dataset_id, asked.type,
               CASE WHEN cancelled.id IS NULL THEN asked.outcome ELSE 'done' END AS outcome,
               -- Scheduled when this began, but not cancelled: a worker was faster.
               CASE asked.status WHEN 'scheduled' THEN 'running' ELSE asked.status END AS status
        FROM asked LEFT JOIN cancelled ON true
      ), audited AS (
        INSERT INTO kasabi.operator_action
          (action, job_id, dataset_id, operator_address, outcome, part_of)
        SELECT 'cancel', $1::uuid, dataset_id, $2, outcome, $3::uuid FROM settled
      )
      SELECT outcome, status, type FROM settled`,
    values: [jobId, operatorAddress, partOf ?? null],
  });
  const { outcome, status, type } = rows[0] as Row;
  return outcome === 'not-scheduled' ? { outcome, status, type } : { outcome };
}

import type { JobType, RecordStatus, Refusal } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import { type AskedJob, askedJobs, askedValues, jobVerdict } from './asked-job.ts';
import { cancelAsked } from './cancel-asked.ts';

export type CancelOutcome =
  | { readonly outcome: Refusal }
  /** `status` is the one that the job had. */
  | { readonly outcome: 'cancelled'; readonly status: RecordStatus }
  /** The job has ended, or is running and of a type that is not cancelled then; nothing was changed. */
  | { readonly outcome: 'not-scheduled'; readonly status: RecordStatus; readonly type: JobType };

interface Row {
  readonly outcome: CancelOutcome['outcome'];
  readonly status: RecordStatus;
  readonly type: JobType;
}

const cancelled = cancelAsked({
  by: "format('%s (key %s)', asked.owner, asked.key_id)",
  actor: "format('owner key %s', asked.key_id)",
});

/**
 * Cancels a job for the key with this digest. One statement checks the key and the owner and changes the
 * record. The job ends as `cancelled` with a message that says who cancelled it, and never runs, whatever Redis holds; if it was running, its worker stops within moments.
 */
export async function cancel(db: Database, request: AskedJob): Promise<CancelOutcome> {
  const { rows } = await db.query<Row>({
    name: 'cancel',
    text: `
      WITH asked AS (
        SELECT j.id, j.status, j.type, o.name AS owner, k.id AS key_id,
               ${jobVerdict('not-scheduled')} AS outcome
        FROM ${askedJobs}
        LEFT JOIN kasabi.owner o ON o.id = k.owner_id
      ), ${cancelled}
      SELECT CASE WHEN cancelled.id IS NULL THEN asked.outcome ELSE 'cancelled' END AS outcome,
             -- Scheduled when this began, but not cancelled: a worker was faster.
             CASE WHEN asked.status = 'scheduled' AND cancelled.id IS NULL THEN 'running'
                  ELSE asked.status END AS status, asked.type
      FROM asked LEFT JOIN cancelled ON true`,
    values: askedValues([request]),
  });
  const { outcome, status, type } = rows[0] as Row;
  if (outcome === 'cancelled') return { outcome, status };
  return outcome === 'not-scheduled' ? { outcome, status, type } : { outcome };
}

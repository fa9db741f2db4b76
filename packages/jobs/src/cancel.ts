import type { RecordStatus, Refusal } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import { type AskedJob, askedJobs, askedValues, jobVerdict } from './asked-job.ts';
import { cancelAsked } from './cancel-asked.ts';

export type CancelOutcome =
  | { readonly outcome: 'cancelled' | Refusal }
  /** The job is running or has ended; nothing was changed. */
  | { readonly outcome: 'not-scheduled'; readonly status: RecordStatus };

interface Row {
  readonly outcome: CancelOutcome['outcome'];
  readonly status: RecordStatus;
}

const cancelled = cancelAsked({
  by: "format('%s (key %s)', asked.owner, asked.key_id)",
  actor: "format('owner key %s', asked.key_id)",
});

/**
 * Cancels a scheduled job for the key with this digest. One statement checks the key and the owner and changes the
 * record. The job ends as `cancelled` with a message that says who cancelled it, and never runs, whatever Redis holds.
 */
export async function cancel(db: Database, request: AskedJob): Promise<CancelOutcome> {
  const { rows } = await db.query<Row>({
    name: 'cancel',
    text: `
      WITH asked AS (
        SELECT j.id, j.status, o.name AS owner, k.id AS key_id,
               ${jobVerdict('not-scheduled')} AS outcome
        FROM ${askedJobs}
        LEFT JOIN kasabi.owner o ON o.id = k.owner_id
      ), ${cancelled}
      SELECT CASE WHEN cancelled.id IS NULL THEN asked.outcome ELSE 'cancelled' END AS outcome,
             -- Scheduled when this began, but not cancelled: a worker was faster.
             CASE asked.status WHEN 'scheduled' THEN 'running' ELSE asked.status END AS status
      FROM asked LEFT JOIN cancelled ON true`,
    values: askedValues([request]),
  });
  const { outcome, status } = rows[0] as Row;
  return outcome === 'not-scheduled' ? { outcome, status } : { outcome };
}

import { claimsSettled } from '@kasabi/jobs';
import type { Database } from '@kasabi/postgres';

/** What an operator pauses or resumes: a dataset's jobs by its short code, or all jobs. */
export interface ActionOnPause {
  readonly dataset?: string | undefined;
  /** An address, or 'command line'. */
  readonly operatorAddress: string;
}

export type OperatorPauseOutcome =
  | {
      readonly outcome: 'done' | 'already-paused';
      /** Since when it is paused. */
      readonly since: Date;
      /** Jobs that were taken up before, and go on to their end. */
      readonly running: number;
      /** Claims that began before and have not ended: so many jobs may still be taken up. */
      readonly unsettled: number;
    }
  | { readonly outcome: 'dataset-unknown' };

interface Row {
  readonly outcome: OperatorPauseOutcome['outcome'];
  readonly dataset_id: number | null;
  readonly since: Date;
}

/** How long a claim that began before the pause is waited for, in milliseconds. */
const patienceMs = 5_000;

/**
 * Keeps jobs from being taken up, of one dataset or of all, until they are resumed; with its audit record.
 * When it returns, nothing starts any more: it waits for the claims that began before, and says if one of them
 * has not ended in 5 s. Running jobs go on. What is paused already stays as it was. Not for use in a transaction:
 * the pause has to be committed for claims to see it.
 */
export async function pauseAsOperator(
  db: Database,
  { dataset, reason, operatorAddress }: ActionOnPause & { readonly reason?: string | undefined },
): Promise<OperatorPauseOutcome> {
  const { rows } = await db.query<Row>({
    name: 'pause-as-operator',
    text: `
      WITH asked AS (
        SELECT d.id, $1::text IS NOT NULL AND d.id IS NULL AS unknown
        FROM (VALUES (1)) AS one LEFT JOIN kasabi.dataset d ON d.code = $1
      ), paused AS (
        INSERT INTO kasabi.pause (dataset_id, reason, paused_by)
        SELECT id, $2, $3 FROM asked WHERE NOT unknown
        ON CONFLICT ON CONSTRAINT one_pause_of_each DO NOTHING
        RETURNING since
      ), settled AS (
        SELECT asked.id AS dataset_id, paused.since,
               CASE WHEN asked.unknown THEN 'dataset-unknown' WHEN paused.since IS NULL THEN 'already-paused'
                    ELSE 'done' END AS outcome
        FROM asked LEFT JOIN paused ON true
      ), audited AS (
        INSERT INTO kasabi.operator_action (action, dataset_id, operator_address, outcome, detail)
        SELECT 'pause', dataset_id, $3, outcome, $2 FROM settled
      )
      SELECT outcome, dataset_id,
             coalesce(since, (SELECT p.since FROM kasabi.pause p
                              WHERE p.dataset_id IS NOT DISTINCT FROM settled.dataset_id), now()) AS since
      FROM settled`,
    values: [dataset ?? null, reason ?? null, operatorAddress],
  });
  const { outcome, dataset_id: datasetId, since } = rows[0] as Row;
  if (outcome === 'dataset-unknown') return { outcome };
  const unsettled = await claimsSettled(db, patienceMs);
  return { outcome, since, running: await countRunning(db, datasetId), unsettled };
}

async function countRunning(db: Database, datasetId: number | null): Promise<number> {
  const { rows } = await db.query<{ running: number }>({
    name: 'count-running',
    text: `SELECT count(*)::int AS running FROM kasabi.job
           WHERE status = 'running' AND ($1::int IS NULL OR dataset_id = $1)`,
    values: [datasetId],
  });
  return (rows[0] as { running: number }).running;
}

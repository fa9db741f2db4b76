import { claimsSettled } from '@kasabi/jobs';
import type { Database } from '@kasabi/postgres';

/** What an operator pauses or resumes: the jobs of one dataset, by its short code, or all jobs. */
export interface ActionOnPause {
  readonly dataset?: string | undefined;
  /** An address, or 'command line'. */
  readonly operatorAddress: string;
}

export type OperatorPauseOutcome =
  | {
      readonly outcome: 'done' | 'already-paused';
      /** When the pause began. */
      readonly since: Date;
      /** Jobs that were running already, and continue. */
      readonly running: number;
      /** Claims that began before the pause and have not ended: this many jobs may still start. */
      readonly unsettled: number;
    }
  | { readonly outcome: 'dataset-unknown' };

interface Row {
  readonly outcome: OperatorPauseOutcome['outcome'];
  readonly dataset_id: number | null;
  readonly since: Date;
}

/** How long to wait for claims that began before the pause, in milliseconds. */
const patienceMs = 5_000;

/**
 * Keeps jobs of one dataset, or all jobs, from starting until they are resumed, with an audit record. Once it has
 * returned, nothing starts: it waits for claims that began before the pause, and says if some have not ended after
 * 5 s. Running jobs continue. An existing pause is left as it is. Do not use it in a transaction: claims only see a
 * pause that is committed.
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

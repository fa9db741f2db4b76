import type { Database } from '@kasabi/postgres';
import type { ActionOnPause } from './pause-as-operator.ts';

export type OperatorResumeOutcome =
  | {
      readonly outcome: 'done';
      /** Jobs that were due and start now, as fast as workers can claim them. */
      readonly due: number;
    }
  | { readonly outcome: 'dataset-unknown' | 'not-paused' };

/** What resuming would start. */
export interface Resumable {
  /** Due jobs that would start at once; jobs of datasets that stay paused do not count. */
  readonly due: number;
  /** When the first of them became due; null when there is none. */
  readonly oldestDue: Date | null;
  /** Whether there is anything to resume. */
  readonly isPaused: boolean;
  /** Whether a resumed dataset still waits because all jobs are paused. */
  readonly allStayPaused: boolean;
}

// The due jobs that resuming concerns: those of the one dataset or, if `everything` is resumed, those of datasets that
// are not paused themselves.
const concerned = `
  job.status = 'scheduled' AND job.due <= now()
  AND (asked.everything OR job.dataset_id = asked.id)
  AND NOT EXISTS (
    SELECT FROM kasabi.pause other
    WHERE CASE WHEN asked.everything THEN other.dataset_id = job.dataset_id
               ELSE other.dataset_id IS NULL END)`;

const asked = `
  SELECT d.id, $1::text IS NULL AS everything, $1::text IS NOT NULL AND d.id IS NULL AS unknown
  FROM (VALUES (1)) AS one LEFT JOIN kasabi.dataset d ON d.code = $1`;

/** What resuming this dataset, or all jobs, would start now. */
export async function readResumable(db: Database, dataset?: string): Promise<Resumable> {
  const { rows } = await db.query<Resumable>({
    name: 'resumable',
    text: `
      WITH asked AS (${asked})
      SELECT count(job.id)::int AS due, min(job.due) AS "oldestDue",
             EXISTS (
               SELECT FROM kasabi.pause p JOIN asked ON NOT asked.unknown
               WHERE p.dataset_id IS NOT DISTINCT FROM asked.id) AS "isPaused",
             NOT (SELECT everything FROM asked)
               AND EXISTS (SELECT FROM kasabi.pause WHERE dataset_id IS NULL) AS "allStayPaused"
      FROM asked LEFT JOIN kasabi.job ON ${concerned}`,
    values: [dataset ?? null],
  });
  return rows[0] as Resumable;
}

/** How many records one statement updates. */
const batchSize = 10_000;

/**
 * Lets jobs of one dataset, or all jobs, start again, with an audit record. Resuming all jobs leaves datasets paused
 * that were paused themselves. It also vouches for this database, in case a worker finds that it was restored.
 *
 * The relay promotes due jobs in its next round, whenever that is.
 */
export async function resumeAsOperator(
  db: Database,
  { dataset, operatorAddress }: ActionOnPause,
): Promise<OperatorResumeOutcome> {
  const { rows } = await db.query<{ readonly outcome: OperatorResumeOutcome['outcome'] }>({
    name: 'resume-as-operator',
    text: `
      WITH asked AS (${asked}), resumed AS (
        DELETE FROM kasabi.pause p USING asked
        WHERE NOT asked.unknown AND p.dataset_id IS NOT DISTINCT FROM asked.id
        RETURNING p.id
      ), vouched AS (
        UPDATE kasabi.beat b SET vouched = true FROM asked
        WHERE asked.everything
      ), settled AS (
        SELECT asked.id AS dataset_id,
               CASE WHEN asked.unknown THEN 'dataset-unknown'
                    WHEN EXISTS (SELECT FROM resumed) THEN 'done' ELSE 'not-paused' END AS outcome
        FROM asked
      ), audited AS (
        INSERT INTO kasabi.operator_action (action, dataset_id, operator_address, outcome)
        SELECT 'resume', dataset_id, $2, outcome FROM settled
      )
      SELECT outcome FROM settled`,
    values: [dataset ?? null, operatorAddress],
  });
  const { outcome } = rows[0] as { readonly outcome: OperatorResumeOutcome['outcome'] };
  if (outcome !== 'done') return { outcome };
  const { due } = await readResumable(db, dataset);
  await promote(db, dataset);
  return { outcome, due };
}

/**
 * Makes the relay promote all due jobs at once: it takes jobs for missing that were handed to Redis before they were
 * due. Without this it would leave jobs alone for some seconds whose claim was refused just now.
 */
async function promote(db: Database, dataset: string | undefined): Promise<void> {
  for (;;) {
    const { rowCount } = await db.query({
      name: 'promote-resumed',
      text: `
        WITH asked AS (${asked})
        UPDATE kasabi.job AS promoted SET enqueued_at = promoted.due - interval '1 millisecond'
        WHERE promoted.status = 'scheduled' AND promoted.id IN (
          SELECT job.id FROM asked JOIN kasabi.job ON ${concerned} AND job.enqueued_at >= job.due
          LIMIT $2)`,
      values: [dataset ?? null, batchSize],
    });
    if ((rowCount ?? 0) < batchSize) return;
  }
}

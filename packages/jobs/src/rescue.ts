import { unlockDataset } from '@kasabi/datasets';
import type { JobType } from '@kasabi/domain';
import { withTransaction } from '@kasabi/postgres';
import type pg from 'pg';
import { noteTransition } from './transition.ts';

/** A job whose worker was lost. */
export interface Rescued {
  readonly jobId: string;
  readonly datasetId: number;
  /** The dataset's short code. */
  readonly dataset: string;
  readonly type: JobType;
  readonly status: 'scheduled' | 'failed';
  /** The attempt that was lost. */
  readonly attempt: number;
  readonly lostHolder: string;
}

export interface RescueOptions {
  /** A job fails when this many of its attempts were lost with their workers. */
  readonly maxAttempts: number;
  /** The most jobs in one transaction. */
  readonly limit: number;
}

const noted = noteTransition('rescue', {
  from: 'rescued',
  id: 'id',
  attempt: 'attempt',
  actor: "'rescuer'",
  message: `format('Attempt %s was lost: its worker %s stopped answering.%s', attempt, lease_holder,
                   CASE status WHEN 'failed' THEN format(' It has lost %s, as many as it may.', lost) END)`,
});

/**
 * Takes running jobs whose lease has expired away from their workers. Each is due again at once or, if it has lost too
 * many attempts that way, has failed. Its dataset is unlocked in the same commit.
 *
 * Any number of rescues may run at once: SKIP LOCKED gives each its own jobs. It also skips a job whose dataset is
 * locked for it while the open transaction of its frozen worker holds the registry row; Postgres ends that transaction
 * by idle_in_transaction_session_timeout, and a later round finds the job. If the job has not locked its dataset, the
 * row does not matter: every writer in flight holds it.
 */
export async function rescue(pool: pg.Pool, options: RescueOptions): Promise<Rescued[]> {
  return await withTransaction(pool, async (client) => {
    const { rows } = await client.query<Rescued>(
      `WITH lost AS (
         SELECT j.id, j.dataset_id, j.lease_holder FROM kasabi.job j
         WHERE j.status = 'running' AND j.lease_expires < now()
         ORDER BY j.lease_expires LIMIT $2
         FOR NO KEY UPDATE SKIP LOCKED
       ), locked AS (
         SELECT lost.id FROM lost JOIN kasabi.dataset d ON d.id = lost.dataset_id AND d.locked_by = lost.id
       ), free AS (
         SELECT lost.id FROM lost JOIN kasabi.dataset d ON d.id = lost.dataset_id AND d.locked_by = lost.id
         FOR NO KEY UPDATE OF d SKIP LOCKED
       ), rescued AS (
         UPDATE kasabi.job j
         SET status = CASE WHEN j.lost + 1 < $1 THEN 'scheduled' ELSE 'failed' END,
             end_time = CASE WHEN j.lost + 1 < $1 THEN NULL ELSE clock_timestamp() END,
             fence = CASE WHEN j.lost + 1 < $1 THEN NULL ELSE j.fence END,
             reason = CASE WHEN j.lost + 1 < $1 THEN NULL ELSE 'lost' END,
             lost = j.lost + 1,
             message = format('Attempt %s was lost: its worker stopped answering.%s', j.attempt,
               CASE WHEN j.lost + 1 < $1 THEN '' ELSE format(
                 ' That happened %s times, so the job was given up. Ask for it again.', j.lost + 1) END),
             busy_since = NULL, progress = NULL, enqueued_at = NULL, lease_holder = NULL, lease_expires = NULL
         FROM lost
         WHERE j.id = lost.id
           AND (j.id NOT IN (SELECT id FROM locked) OR j.id IN (SELECT id FROM free))
         RETURNING j.id, j.dataset_id, j.type, j.status, j.attempt, j.lost, lost.lease_holder
       ), noted AS (${noted}
       )
       SELECT r.id AS "jobId", r.dataset_id AS "datasetId", d.code AS dataset, r.type, r.status,
              r.attempt, r.lease_holder AS "lostHolder"
       FROM rescued r JOIN kasabi.dataset d ON d.id = r.dataset_id`,
      [options.maxAttempts, options.limit],
    );
    for (const lost of rows) await unlockDataset(client, lost);
    return rows;
  });
}

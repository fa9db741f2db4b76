import type { Database } from '@kasabi/postgres';
import { given, hasStatus } from './by-key.ts';
import type { Claim } from './claim.ts';

/**
 * Extends the leases of all jobs that a worker runs, in one statement, to `leaseMs` milliseconds from now. Returns, by
 * id, the jobs that it has not lost: those whose lease was extended, and those that this attempt is just ending. A job
 * that is missing was rescued and must be dropped.
 *
 * An attempt that is ending is not lost: after a TRUNCATE of 10 million quads, others saw the commit 300 ms before its
 * worker did, because Postgres unlinks the files in between.
 */
export async function heartbeat(
  db: Database,
  claims: readonly Claim[],
  leaseMs: number,
): Promise<ReadonlyMap<string, 'extended' | 'ending'>> {
  const { rows } = await db.query<{ id: string; extended: boolean }>({
    name: 'heartbeat',
    // The second part sees the state before the first part. If it shows a job as running that the first part did not
    // find, the job ended while the first part waited for it, or was rescued, which the next heartbeat finds.
    text: `
      WITH extended AS (
        UPDATE kasabi.job j
        SET lease_expires = now() + $4 * interval '1 millisecond'
        FROM ${given(claimed, 'id, holder, attempt', '$5')}
        WHERE j.id = given.id AND ${hasStatus('j', 'running')}
          AND j.lease_holder = given.holder AND j.attempt = given.attempt
        RETURNING j.id
      )
      SELECT given.id, extended.id IS NOT NULL AS extended
      FROM ${given(claimed, 'id, holder, attempt', '$5')}
      LEFT JOIN extended ON extended.id = given.id
      JOIN LATERAL (SELECT attempt, status, lease_holder FROM kasabi.job WHERE id = given.id LIMIT 1) AS j
        ON j.attempt = given.attempt
          AND (j.status = 'completed' OR j.status = 'running' AND j.lease_holder = given.holder)`,
    values: [
      claims.map((claim) => claim.jobId),
      claims.map((claim) => claim.holder),
      claims.map((claim) => claim.attempt),
      leaseMs,
      claims.length,
    ],
  });
  return new Map(rows.map(({ id, extended }) => [id, extended ? 'extended' : 'ending']));
}

const claimed = '$1::uuid[], $2::text[], $3::smallint[]';

import type { Database } from '@kasabi/postgres';
import { given, hasStatus } from './by-key.ts';
import type { Claim } from './claim.ts';

/**
 * Extends the leases of all jobs a worker runs, in one statement, to `leaseMs` milliseconds from now.
 * Returns, by id, those it has not lost: those it still holds, and those that this very attempt ends. A job
 * that is missing was rescued and must be dropped.
 *
 * An attempt that ends is no lost one: after a TRUNCATE of 10 million quads the others saw the commit 300 ms
 * before its worker did, since Postgres unlinks the files in between.
 */
export async function heartbeat(
  db: Database,
  claims: readonly Claim[],
  leaseMs: number,
): Promise<ReadonlyMap<string, 'extended' | 'ending'>> {
  const { rows } = await db.query<{ id: string; extended: boolean }>({
    name: 'heartbeat',
    // The second part is of before the first: what it shows as running, and the first did not find so, ended
    // while that waited for it; or was rescued, which the next heartbeat finds.
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

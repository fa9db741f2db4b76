import type { Database } from '@kasabi/postgres';
import { given, hasStatus } from './by-key.ts';
import type { Claim } from './claim.ts';

/**
 * Extends the leases of all jobs a worker runs, in one statement, to `leaseMs` milliseconds from now.
 * Returns the ids of those it still holds; a job that is missing was rescued and must be dropped.
 */
export async function heartbeat(
  db: Database,
  claims: readonly Claim[],
  leaseMs: number,
): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ id: string }>({
    name: 'heartbeat',
    text: `
      UPDATE kasabi.job j
      SET lease_expires = now() + $4 * interval '1 millisecond'
      FROM ${given('$1::uuid[], $2::text[], $3::smallint[]', 'id, holder, attempt', '$5')}
      WHERE j.id = given.id AND ${hasStatus('j', 'running')}
        AND j.lease_holder = given.holder AND j.attempt = given.attempt
      RETURNING j.id`,
    values: [
      claims.map((claim) => claim.jobId),
      claims.map((claim) => claim.holder),
      claims.map((claim) => claim.attempt),
      leaseMs,
      claims.length,
    ],
  });
  return new Set(rows.map((row) => row.id));
}

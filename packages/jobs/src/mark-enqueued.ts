import type { Delivery } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import { given, hasStatus } from './by-key.ts';

/**
 * Notes that Redis holds these deliveries, so that the relay need not hand them over. The commit does not wait for the
 * disk: if Postgres loses the note in a crash, that costs only a second delivery.
 */
export async function markEnqueued(db: Database, deliveries: readonly Delivery[]): Promise<void> {
  await db.query({
    name: 'mark-enqueued',
    text: `
      WITH commit AS MATERIALIZED (
        SELECT set_config('synchronous_commit', 'off', true) AS synchronous
      )
      UPDATE kasabi.job j SET enqueued_at = now()
      FROM commit, ${given('$1::uuid[], $2::smallint[]', 'id, attempt', '$3')}
      WHERE commit.synchronous = 'off' AND j.id = given.id AND j.attempt = given.attempt
        AND ${hasStatus('j', 'scheduled')}`,
    values: [
      deliveries.map((delivery) => delivery.jobId),
      deliveries.map((delivery) => delivery.attempt),
      deliveries.length,
    ],
  });
}

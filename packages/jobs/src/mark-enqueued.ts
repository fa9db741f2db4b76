import type { Database } from '@kasabi/postgres';
import type { Delivery } from './delivery.ts';

/**
 * Notes that Redis holds these deliveries, so that the relay need not hand them over. The commit does not
 * wait for the disk: a note that Postgres loses in a crash costs a second delivery.
 */
export async function markEnqueued(db: Database, deliveries: readonly Delivery[]): Promise<void> {
  await db.query({
    name: 'mark-enqueued',
    text: `
      WITH commit AS MATERIALIZED (
        SELECT set_config('synchronous_commit', 'off', true) AS synchronous
      )
      UPDATE kasabi.job j SET enqueued_at = now()
      FROM commit, unnest($1::uuid[], $2::smallint[]) AS held (id, attempt)
      WHERE commit.synchronous = 'off' AND j.id = held.id AND j.status = 'scheduled' AND j.attempt = held.attempt`,
    values: [
      deliveries.map((delivery) => delivery.jobId),
      deliveries.map((delivery) => delivery.attempt),
    ],
  });
}

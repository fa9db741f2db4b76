import type { Database } from '@kasabi/postgres';
import type { Delivery } from './delivery.ts';

/** Notes that Redis holds these deliveries, so that the relay need not hand them over. */
export async function markEnqueued(db: Database, deliveries: readonly Delivery[]): Promise<void> {
  await db.query({
    name: 'mark-enqueued',
    text: `
      UPDATE kasabi.job j SET enqueued_at = now()
      FROM unnest($1::uuid[], $2::smallint[]) AS held (id, attempt)
      WHERE j.id = held.id AND j.status = 'scheduled' AND j.attempt = held.attempt`,
    values: [
      deliveries.map((delivery) => delivery.jobId),
      deliveries.map((delivery) => delivery.attempt),
    ],
  });
}

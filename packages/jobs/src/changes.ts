import type { Database } from '@kasabi/postgres';
import type { JobStatus } from '@kasabi/protocol';
import { type JobRecord, recordColumns } from './record.ts';

/** A job and the status that its watcher knows of. */
export interface Watched {
  readonly jobId: string;
  readonly status: JobStatus;
}

/**
 * Reads, of many jobs, those whose status is another than the one known: one statement whatever their
 * number, which returns only what has changed.
 */
export async function readChanges(
  db: Database,
  watched: readonly Watched[],
): Promise<readonly JobRecord[]> {
  const { rows } = await db.query<JobRecord>({
    name: 'read-changes',
    text: `
      SELECT ${recordColumns}
      FROM unnest($1::uuid[], $2::text[]) AS known (id, status)
      JOIN kasabi.job j ON j.id = known.id AND j.status <> known.status
      JOIN kasabi.dataset d ON d.id = j.dataset_id`,
    values: [watched.map((job) => job.jobId), watched.map((job) => job.status)],
  });
  return rows;
}

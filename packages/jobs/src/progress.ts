import type { JobProgress } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import type { Claim } from './claim.ts';
import { isLeased } from './leased.ts';

/**
 * Writes how far a running job has come, without waiting for the disk. Returns false, and changes nothing, if the
 * attempt no longer has its lease: the job was rescued or cancelled.
 */
export async function reportProgress(
  db: Database,
  { jobId, holder, attempt }: Claim,
  progress: JobProgress,
): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'progress',
    text: `
      WITH commit AS MATERIALIZED (
        SELECT set_config('synchronous_commit', 'off', true) AS synchronous
      )
      UPDATE kasabi.job SET progress = $4::jsonb FROM commit
      WHERE commit.synchronous = 'off' AND ${isLeased}`,
    values: [jobId, holder, attempt, JSON.stringify(progress)],
  });
  return rowCount === 1;
}

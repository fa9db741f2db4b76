import { type Dataset, findDataset } from '@kasabi/datasets';
import type { RecordStatus } from '@kasabi/domain';
import { type JobRecord, searchJobs } from '@kasabi/jobs';
import type { Database } from '@kasabi/postgres';

export interface DatasetPage {
  readonly dataset: Dataset;
  /** The status of the job that holds the lock; null without a lock, or when there is no such job. */
  readonly lockStatus: RecordStatus | null;
  /** Whether the dataset may be unlocked: the job that holds the lock has ended or does not exist. */
  readonly lockAbandoned: boolean;
  /** Its newest jobs. */
  readonly jobs: readonly JobRecord[];
}

/** A dataset with its lock and its newest jobs; undefined when there is none with this short code. */
export async function readDatasetPage(
  db: Database,
  code: string,
  { limit, before }: { readonly limit: number; readonly before?: string | undefined },
): Promise<DatasetPage | undefined> {
  const dataset = await findDataset(db, code);
  if (dataset === undefined) return undefined;
  const { jobs } = await searchJobs(db, { dataset: code, limit, before });
  const lockStatus = await statusOf(db, dataset.lockedBy);
  return {
    dataset,
    lockStatus,
    lockAbandoned:
      dataset.lockedBy !== null && lockStatus !== 'running' && lockStatus !== 'scheduled',
    jobs,
  };
}

async function statusOf(db: Database, jobId: string | null): Promise<RecordStatus | null> {
  if (jobId === null) return null;
  const { rows } = await db.query<{ status: RecordStatus }>({
    name: 'status-of',
    text: 'SELECT status FROM kasabi.job WHERE id = $1',
    values: [jobId],
  });
  return rows[0]?.status ?? null;
}

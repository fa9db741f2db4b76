import { createOwner, digestKey, issueKey } from '@kasabi/accounts';
import { createDataset, type Dataset } from '@kasabi/datasets';
import type { JobType } from '@kasabi/domain';
import { acceptJobs, type Claim, cancel, claim } from '@kasabi/jobs';
import type pg from 'pg';
import { createDatabase, type TestDatabase } from './database.ts';

/** A database with an owner, its key and datasets, and the shortest ways to its jobs. */
export interface Fixture {
  readonly database: TestDatabase;
  /** The superuser's. */
  readonly admin: pg.Pool;
  readonly api: pg.Pool;
  readonly worker: pg.Pool;
  readonly keyDigest: Buffer;
  /** Makes one more dataset of the owner. */
  addDataset(code?: string): Promise<Dataset>;
  /** Accepts a job, a reset unless set, `startsInMs` from now, and returns its id. */
  accept(dataset: Dataset, startsInMs?: number, type?: JobType): Promise<string>;
  /** Claims a job that is due and free. */
  take(jobId: string, options?: { readonly holder?: string; leaseMs?: number }): Promise<Claim>;
  /** Cancels a job as its owner; true when that took effect. */
  cancel(jobId: string): Promise<boolean>;
  /** The record as Postgres writes it, with the transaction that wrote it: equal only if untouched. */
  record(jobId: string): Promise<string>;
  /** Columns of a record. */
  read(jobId: string): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

export async function createFixture(): Promise<Fixture> {
  const database = await createDatabase();
  const admin = database.pool();
  // No worker runs that could.
  await admin.query("UPDATE kasabi.beat SET at = 'infinity'");
  await createOwner(admin, 'nasa');
  const { secret } = await issueKey(admin, 'nasa');
  const keyDigest = digestKey(secret);
  let made = 0;

  async function read(jobId: string): Promise<Record<string, unknown>> {
    const { rows } = await admin.query<Record<string, unknown>>(
      'SELECT j.*, xmin::text FROM kasabi.job j WHERE id = $1',
      [jobId],
    );
    const [row] = rows;
    if (row === undefined) throw new Error(`There is no job ${jobId}.`);
    return row;
  }

  return {
    database,
    admin,
    api: database.pool('api'),
    worker: database.pool('worker'),
    keyDigest,
    async addDataset(code) {
      made += 1;
      return createDataset(admin, { code: code ?? `set-${made}`, owner: 'nasa' });
    },
    async accept(dataset, startsInMs, type = 'reset') {
      const startTime = startsInMs === undefined ? undefined : new Date(Date.now() + startsInMs);
      const [outcome] = await acceptJobs(
        database.pool('api'),
        [{ keyDigest, datasetCode: dataset.code, type, startTime }],
        { maxScheduleDays: 366, maxOpenJobs: 0 },
      );
      if (outcome?.outcome !== 'accepted') throw new Error(`The job was ${outcome?.outcome}.`);
      return outcome.job.id;
    },
    async take(jobId, { holder = 'worker-1', leaseMs = 60_000 } = {}) {
      const claimed = await claim(database.pool('worker'), { jobId, holder, leaseMs });
      if (claimed.outcome !== 'claimed') throw new Error(`The job is ${claimed.outcome}.`);
      return claimed.claim;
    },
    async cancel(jobId) {
      const { rows } = await admin.query<{ code: string }>(
        'SELECT code FROM kasabi.dataset d JOIN kasabi.job j ON j.dataset_id = d.id WHERE j.id = $1',
        [jobId],
      );
      const datasetCode = rows[0]?.code ?? '';
      const { outcome } = await cancel(database.pool('api'), { keyDigest, datasetCode, jobId });
      return outcome === 'cancelled';
    },
    async record(jobId) {
      return JSON.stringify(await read(jobId));
    },
    read,
    close: () => database.close(),
  };
}

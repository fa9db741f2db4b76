import { createOwner, digestKey, issueKey } from '@kasabi/accounts';
import {
  acceptJobs,
  claim,
  createPruner,
  createRelay,
  createRescuer,
  findJobs,
  searchJobs,
} from '@kasabi/jobs';
import { createTally, readDatasetPage, readOverview, searchDatasets } from '@kasabi/operations';
import { roleUrl } from '@kasabi/postgres';
import { connect, createEpoch, createProducer } from '@kasabi/queue';
import pg from 'pg';
import { fillRecords, registerDatasets } from '../../support/fill-records.ts';
import { show } from '../support/statistics.ts';
import type { PartContext } from './part.ts';

/** How much a database holds. */
export interface Size {
  readonly name: 'small' | 'large';
  readonly records: number;
  readonly datasets: number;
}

/** A step of the product on one database: `prepare` is not timed. */
export interface Step {
  prepare(): Promise<void>;
  run(): Promise<unknown>;
}

export interface Side {
  readonly steps: Readonly<Record<string, Step>>;
  close(): Promise<void>;
}

const fail = (error: unknown): never => {
  throw error;
};

/** Rows of a list. */
const page = 50;
/** A dataset that has as many jobs on both sides: a page of it is full. */
const listed = 'dataset-120';
const history = `
  INSERT INTO kasabi.job (dataset_id, type, status, created, start_time, due, started, end_time, attempt,
                          enqueued_at, requested_by)
  SELECT 120, 'reset', 'completed', asked, asked, asked, asked, asked, 1, asked, 1
  FROM generate_series(1, 100) AS n, (SELECT now() - interval '1 hour' AS asked) AS times`;

// What a round of the relay, of the rescuer and of the pruner finds to do: ten jobs each.
const toEnqueue = `
  INSERT INTO kasabi.job (dataset_id, type, created, start_time, due, requested_by)
  SELECT n, 'reset', now() - interval '2 seconds', now() + interval '40 minutes',
         now() + interval '40 minutes', 1 FROM generate_series(101, 110) AS n`;
const lost = `
  INSERT INTO kasabi.job (dataset_id, type, status, created, start_time, due, started, attempt,
                          lease_holder, lease_expires, enqueued_at, requested_by)
  SELECT n, 'reset', 'running', asked, asked, asked, asked, 5, 'lost', now() - interval '1 second',
         asked, 1
  FROM generate_series(101, 110) AS n, (SELECT now() - interval '1 minute' AS asked) AS times`;
const old = `
  INSERT INTO kasabi.job (dataset_id, type, status, created, start_time, due, started, end_time, attempt,
                          enqueued_at, requested_by)
  SELECT n, 'reset', 'completed', asked, asked, asked, asked, asked, 1, asked, 1
  FROM generate_series(101, 110) AS n, (SELECT now() - interval '100 days' AS asked) AS times`;

/** A database of this size, and the steps of the product on it. */
export async function createSide({ servers, log }: PartContext, size: Size): Promise<Side> {
  const began = performance.now();
  const { url, pool } = await servers.createDatabase(`bench_growth_${size.name}`);
  await createOwner(pool, 'owner');
  const { secret } = await issueKey(pool, 'owner');
  await registerDatasets(pool, size.datasets);
  await fillRecords(pool, size);
  await pool.query(history);
  // No worker runs that could.
  await pool.query("UPDATE kasabi.beat SET at = 'infinity'");
  await pool.query('CHECKPOINT');
  log(`  ${size.name}: filled in ${show((performance.now() - began) / 1_000)} s`);
  const redisUrl = new URL(servers.redisUrl);
  redisUrl.pathname = size.name === 'small' ? '/1' : '/2';
  const redis = await connect({ url: redisUrl.href, name: 'bench', onError: fail });
  const producer = createProducer(redis, fail);
  const epoch = createEpoch(redis);
  const asRole = (role: 'api' | 'worker' | 'status' | 'operations'): pg.Pool =>
    new pg.Pool({ connectionString: roleUrl(url, role), max: 1 });
  const [api, worker] = [asRole('api'), asRole('worker')];
  const [status, operations] = [asRole('status'), asRole('operations')];

  const keyDigest = digestKey(secret);
  let next = 0;
  const code = (): string => `dataset-${(next % 100) + 1}`;
  const nothing = async (): Promise<void> => undefined;
  const accept = async (): Promise<string> => {
    next += 1;
    const request = {
      keyDigest,
      datasetCode: code(),
      type: 'reset',
      startTime: undefined,
    } as const;
    const [outcome] = await acceptJobs(api, [request], {
      maxScheduleDays: 366,
      maxOpenJobs: 1_000,
    });
    if (outcome?.outcome !== 'accepted') throw new Error(`A job was ${outcome?.outcome}.`);
    return outcome.job.id;
  };
  const end = `UPDATE kasabi.job SET status = 'completed', started = coalesce(started, now()),
    attempt = 1, end_time = clock_timestamp(), lease_holder = NULL, lease_expires = NULL WHERE id = $1`;
  const finish = async (): Promise<void> => {
    if (jobId !== '') await pool.query(end, [jobId]);
  };
  let jobId = '';
  const relay = createRelay({
    ...{ db: worker, ...producer, ...epoch, onError: fail, batchSize: 1_000 },
    ...{ intervalMs: 1_000, horizonMs: 3_600_000, overdueMs: 1_000, reassertMs: 10_000 },
  });
  const rescuer = createRescuer({
    ...{
      pool: worker,
      intervalMs: 1_000,
      maxAttempts: 5,
      onRescue: () => undefined,
      onError: fail,
    },
  });
  const tally = createTally({ db: worker, intervalMs: 1, onError: fail });
  const pruner = createPruner({
    ...{
      db: worker,
      intervalMs: 1_000,
      retentionDays: 90,
      onPrune: () => undefined,
      onError: fail,
    },
  });
  // Redis is as the relay knows it; it hands over what it should hold.
  await epoch.lostData();
  await epoch.acknowledgeData();
  return {
    steps: {
      accept: {
        prepare: finish,
        async run() {
          jobId = await accept();
        },
      },
      poll: {
        prepare: nothing,
        run: () => findJobs(status, [{ keyDigest, datasetCode: code(), jobId }]),
      },
      claim: {
        async prepare() {
          await finish();
          jobId = await accept();
        },
        async run() {
          const claimed = await claim(worker, { jobId, holder: 'bench', leaseMs: 600_000 });
          if (claimed.outcome !== 'claimed') throw new Error(`The job is ${claimed.outcome}.`);
        },
      },
      'relay round': {
        async prepare() {
          await pool.query(toEnqueue);
        },
        run: () => relay.runOnce(),
      },
      'rescue round': {
        async prepare() {
          await pool.query(lost);
        },
        run: () => rescuer.runOnce(),
      },
      'pruner round': {
        async prepare() {
          await pool.query(old);
        },
        run: () => pruner.runOnce(),
      },
      'tally round': { prepare: nothing, run: () => tally.runOnce() },
      "page of a dataset's jobs": {
        prepare: nothing,
        run: () => searchJobs(status, { dataset: listed, limit: page }),
      },
      "operators' overview": { prepare: nothing, run: () => readOverview(operations) },
      "operators' page of jobs": {
        prepare: nothing,
        run: () => searchJobs(operations, { limit: page }),
      },
      "operators' page of datasets": {
        prepare: nothing,
        run: () => searchDatasets(operations, { limit: page }),
      },
      "operators' page of a dataset": {
        prepare: nothing,
        run: () => readDatasetPage(operations, listed, { limit: page }),
      },
    },
    async close() {
      await producer.close();
      redis.disconnect();
      await Promise.all([api, worker, status, operations].map((it) => it.end()));
    },
  };
}

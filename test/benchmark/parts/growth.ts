import { createOwner, digestKey, issueKey } from '@kasabi/accounts';
import { acceptJobs, claim, createRelay, createRescuer, findJobs } from '@kasabi/jobs';
import { roleUrl } from '@kasabi/postgres';
import { connect, createEpoch, createProducer } from '@kasabi/queue';
import pg from 'pg';
import { fillRecords, registerDatasets } from '../../support/fill-records.ts';
import type { Row } from '../support/result.ts';
import { median, show } from '../support/statistics.ts';
import type { Part, PartContext } from './part.ts';

const datasets = 1_000;
const sizes = { small: 1_000, large: 1_000_000 } as const;
/** Calls in one round, of each step on each side. */
const calls = 200;
const fail = (error: unknown): never => {
  throw error;
};

// What a round of the relay and of the rescuer finds to do: ten jobs each.
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

/** A step of the product on one database: `prepare` is not timed. */
interface Step {
  prepare(): Promise<void>;
  run(): Promise<unknown>;
}

interface Side {
  readonly steps: Readonly<Record<string, Step>>;
  close(): Promise<void>;
}

/** Each step at a thousand and at a million records, by the product's own functions. */
export const growth: Part = async (context) => {
  const [small, large] = [await createSide(context, 'small'), await createSide(context, 'large')];
  const names = Object.keys(small.steps);
  const rows: Row[] = [];
  try {
    for (const name of names) {
      const [few, many] = [small.steps[name] as Step, large.steps[name] as Step];
      const medians = { few: [] as number[], many: [] as number[] };
      // The first round is the warm-up. Call by call in turns: the disk's moods hit both.
      for (let round = 0; round <= context.rounds; round += 1) {
        const times = { few: [] as number[], many: [] as number[] };
        for (let call = 0; call < calls; call += 1) {
          times.few.push(await time(few));
          times.many.push(await time(many));
        }
        if (round === 0) continue;
        medians.few.push(median(times.few));
        medians.many.push(median(times.many));
      }
      context.log(`  ${name}: ${show(median(medians.few))} ms, ${show(median(medians.many))} ms`);
      rows.push({
        part: 'growth',
        what: `${name} at a million records`,
        unit: 'ms',
        product: medians.many,
        baseline: { name: 'at a thousand', values: medians.few },
        comparison: 'ratio',
        target: { bound: 'at most', value: 1.15 },
      });
    }
    return rows;
  } finally {
    await Promise.all([small.close(), large.close()]);
    await context.servers.redis.flushall();
  }
};

async function time(step: Step): Promise<number> {
  await step.prepare();
  const began = performance.now();
  await step.run();
  return performance.now() - began;
}

async function createSide({ servers }: PartContext, size: keyof typeof sizes): Promise<Side> {
  const { url, pool } = await servers.createDatabase(`bench_growth_${size}`);
  await createOwner(pool, 'owner');
  const { secret } = await issueKey(pool, 'owner');
  await registerDatasets(pool, datasets);
  await fillRecords(pool, { records: sizes[size], datasets });
  // No worker runs that could.
  await pool.query("UPDATE kasabi.beat SET at = 'infinity'");
  await pool.query('CHECKPOINT');
  const redisUrl = new URL(servers.redisUrl);
  redisUrl.pathname = size === 'small' ? '/1' : '/2';
  const redis = await connect({ url: redisUrl.href, name: 'bench', onError: fail });
  const producer = createProducer(redis, fail);
  const epoch = createEpoch(redis);
  const asRole = (role: 'api' | 'worker' | 'status'): pg.Pool =>
    new pg.Pool({ connectionString: roleUrl(url, role), max: 1 });
  const [api, worker, status] = [asRole('api'), asRole('worker'), asRole('status')];

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
    const [outcome] = await acceptJobs(api, [request], { maxScheduleDays: 366 });
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
    },
    async close() {
      await producer.close();
      redis.disconnect();
      await Promise.all([api.end(), worker.end(), status.end()]);
    },
  };
}

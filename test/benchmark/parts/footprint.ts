import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { createJobMaker } from '../support/jobs.ts';
import type { Row } from '../support/result.ts';
import { createWorld, type World } from '../support/world.ts';
import type { Part, PartContext } from './part.ts';
import { soak } from './soak.ts';

const jobs = 20_000;
const minute = 60_000;

/** What a job weighs in Redis and in Postgres, and what the services weigh under load. */
export const footprint: Part = async (context) => {
  const world = await createWorld(context.servers, {
    ...context,
    name: 'footprint',
    datasets: 100,
  });
  try {
    return [
      ...(await weighJobs(world)),
      ...(await timeStarts(world, context)),
      ...(await soak(world, context)),
    ];
  } finally {
    await world.stop();
  }
};

async function weighJobs(world: World): Promise<Row[]> {
  const { redis, redisUrl } = world.servers;
  const maker = await createJobMaker(world);
  const queue = new Queue('reset', { connection: { url: redisUrl }, prefix: 'plain' });
  const times = (inMs: number): Date[] => {
    const start = new Date(Date.now() + inMs);
    return Array.from({ length: jobs }, () => start);
  };
  // The first jobs bring the queue's own keys along.
  await maker.make(times(50 * minute).slice(0, 500));
  const own = await weigh(() => maker.make(times(50 * minute)));
  const addPlain = (count: number): Promise<unknown> =>
    queue.addBulk(
      Array.from({ length: count }, (_, index) => ({
        name: 'reset',
        data: { dataset: world.datasets[index % world.datasets.length] },
        opts: { delay: 50 * minute },
      })),
    );
  await addPlain(500);
  const plain = await weigh(() => addPlain(jobs));
  const sizes = await world.pool.query<{ heap: number; indexes: number; records: number }>(
    `SELECT pg_table_size('kasabi.job')::int AS heap, pg_indexes_size('kasabi.job')::int AS indexes,
            count(*)::int AS records FROM kasabi.job`,
  );
  // The API enqueues what is due within the horizon; what is beyond it only has a record.
  const api = await world.product('api');
  const beyond = await weigh(async () => {
    const body = JSON.stringify({
      jobType: 'reset',
      startTime: new Date(Date.now() + 2 * 24 * 60 * minute).toISOString(),
    });
    for (let n = 0; n < 1_000; n += 1) await post(world, api.port, body);
  }, 1_000);
  await api.stop();
  await maker.close();
  await queue.close();
  await redis.flushall();

  const { heap, indexes, records } = sizes.rows[0] ?? { heap: 0, indexes: 0, records: 1 };
  const row = { part: 'footprint', unit: 'bytes' };
  return [
    {
      ...{ ...row, what: 'Redis per queued job', product: [own] },
      baseline: { name: "BullMQ's plain job", values: [plain] },
      comparison: 'ratio',
      target: { bound: 'at most', value: 1 },
      note: 'delayed jobs; the plain one carries the short code of its dataset',
    },
    {
      ...{ ...row, what: 'Redis per job beyond the horizon', product: [beyond] },
      baseline: { name: 'nothing', values: [0] },
      comparison: 'difference',
      target: { bound: 'at most', value: 0 },
    },
    {
      ...{ ...row, what: 'Postgres per record', product: [(heap + indexes) / records] },
      note: `${Math.round(heap / records)} in the table, ${Math.round(indexes / records)} in its indexes, of jobs that were accepted and enqueued`,
    },
  ];

  async function weigh(add: () => Promise<unknown>, count = jobs): Promise<number> {
    const keys = await ofQueues();
    const before = await usedBytes();
    await add();
    // Behind the answers of the API.
    await sleep(500);
    // Redis's own buffers grow and shrink by some kilobytes; without a key more there is nothing.
    return (await ofQueues()) === keys ? 0 : ((await usedBytes()) - before) / count;
  }

  /** How many keys the queues have; the api service counts requests in others. */
  async function ofQueues(): Promise<number> {
    return (await redis.keys('*')).filter((key) => /^(plain:reset|\{kj\}:j):/.test(key)).length;
  }

  async function usedBytes(): Promise<number> {
    return Number(/^used_memory_dataset:(\d+)/m.exec(await redis.info('memory'))?.[1]);
  }
}

async function post({ key, datasets }: World, port: number, body: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/dataset/${datasets[0]}/jobs`, {
    method: 'POST',
    headers: { 'x-kasabi-apikey': key, 'content-type': 'application/json' },
    body,
  });
  if (response.status !== 202) throw new Error(`A job was answered ${response.status}.`);
}

async function timeStarts(world: World, { rounds }: PartContext): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of ['api', 'status', 'worker', 'operations'] as const) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const service = await world.product(name);
      times.push(service.startUpMs);
      await service.stop();
    }
    const what = `start of the ${name} service until it is ready`;
    rows.push({ part: 'footprint', what, unit: 'ms', product: times });
  }
  return rows;
}

// The same reset as the handler of a plain BullMQ worker: no record of the job but the queue's.
import { Worker } from 'bullmq';
import { concurrency, reset, workerPool } from './reset.ts';
import { settings } from './settings.ts';

const { databaseUrl, redisUrl } = settings();
const pool = workerPool(databaseUrl);
const worker = new Worker<{ datasetId: number }>(
  'resets',
  async (job) => reset(pool, job.data.datasetId),
  {
    connection: { url: redisUrl, maxRetriesPerRequest: null },
    prefix: 'plain',
    concurrency,
    removeOnComplete: { count: 0 },
  },
);
await worker.waitUntilReady();
process.stdout.write('ready\n');

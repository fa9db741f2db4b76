// How late a bare BullMQ worker takes a delayed job: it does nothing with it but write down the time.
import { Worker } from 'bullmq';
import { settings } from './settings.ts';

const worker = new Worker<{ due: number }>(
  'drift',
  async (job) => {
    process.stdout.write(`${Date.now() - job.data.due}\n`);
  },
  {
    connection: { url: settings().redisUrl, maxRetriesPerRequest: null },
    prefix: 'plain',
    concurrency: 10,
    removeOnComplete: { count: 0 },
  },
);
await worker.waitUntilReady();
process.stdout.write('ready\n');

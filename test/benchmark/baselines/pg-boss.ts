// The same reset as a handler of pg-boss. A worker of pg-boss looks for jobs twice a second and takes them in batches;
// each looks again at once while batches come full, and is told to when its batch is done, or it would wait most of the
// time.
import { PgBoss } from 'pg-boss';
import { concurrency, reset, workerPool } from './reset.ts';
import { settings } from './settings.ts';

const { databaseUrl } = settings();
const pool = workerPool(databaseUrl);
const boss = new PgBoss({ connectionString: databaseUrl, max: concurrency });
await boss.start();
for (let n = 0; n < concurrency; n += 1) {
  const options = { batchSize: 5, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };
  const id: string = await boss.work<{ datasetId: number }>('reset', options, async (jobs) => {
    for (const job of jobs) await reset(pool, job.data.datasetId);
    boss.notifyWorker(id);
  });
}
process.stdout.write('ready\n');

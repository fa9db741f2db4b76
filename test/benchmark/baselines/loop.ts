// The statements of a job, from claim to completed, in a loop without a queue.
import { setTimeout as sleep } from 'node:timers/promises';
import { claim, complete, recordFence } from '@kasabi/jobs';
import { concurrency, reset, workerPool } from './reset.ts';
import { settings } from './settings.ts';

const { databaseUrl, share, of } = settings<{ share: number; of: number }>();
const pool = workerPool(databaseUrl);
await Promise.all(Array.from({ length: concurrency }, () => pool.query('SELECT 1')));
process.stdout.write('ready\n');

let jobs: readonly { id: string; due: Date }[] = [];
while (jobs.length === 0) {
  await sleep(50);
  const { rows } = await pool.query<{ id: string; due: Date }>(
    "SELECT id, due FROM kasabi.job WHERE status = 'scheduled' ORDER BY id",
  );
  jobs = rows;
}
const waiting = jobs.filter((_, index) => index % of === share).map((job) => job.id);

async function work(): Promise<void> {
  for (let jobId = waiting.pop(); jobId !== undefined; jobId = waiting.pop()) {
    const claimed = await claim(pool, { jobId, holder: `loop-${process.pid}`, leaseMs: 15_000 });
    if (claimed.outcome !== 'claimed') throw new Error(`${jobId} is ${claimed.outcome}.`);
    const held = claimed.claim;
    await reset(pool, held.datasetId, {
      jobId,
      locked: (client, fence) => recordFence(client, held, fence),
      cleared: (client) => complete(client, held),
    });
  }
}

await sleep((jobs[0]?.due.getTime() ?? 0) - Date.now() + 5);
// Then it is idle until it is stopped, so that its processor time can be read.
await Promise.all(Array.from({ length: concurrency }, work));
setInterval(() => undefined, 60_000);

// The statements of a job, from claim to completed, in a loop without a queue.
import { setTimeout as sleep } from 'node:timers/promises';
import { claim, complete, confirmLease } from '@kasabi/jobs';
import { concurrency, reset, workerPool } from './reset.ts';
import { settings } from './settings.ts';

const { databaseUrl, share, of } = settings<{ share: number; of: number }>();
const pool = workerPool(databaseUrl);
await Promise.all(Array.from({ length: concurrency }, () => pool.query('SELECT 1')));
// No worker runs that could.
await pool.query("UPDATE kasabi.beat SET at = 'infinity'");
process.stdout.write('ready\n');

interface Row {
  readonly id: string;
  readonly due: Date;
}

/** This process's share of the jobs that are scheduled, as soon as there are any. */
async function nextJobs(): Promise<Row[]> {
  for (;;) {
    const { rows } = await pool.query<Row>(
      `SELECT id, due FROM kasabi.job WHERE status = 'scheduled' AND dataset_id % $1 = $2`,
      [of, share],
    );
    if (rows.length > 0) return rows;
    await sleep(50);
  }
}

async function work(waiting: string[]): Promise<void> {
  for (let jobId = waiting.pop(); jobId !== undefined; jobId = waiting.pop()) {
    const claimed = await claim(pool, { jobId, holder: `loop-${process.pid}`, leaseMs: 15_000 });
    if (claimed.outcome !== 'claimed') throw new Error(`${jobId} is ${claimed.outcome}.`);
    const held = claimed.claim;
    await reset(pool, held.datasetId, {
      jobId,
      locked: (client) => confirmLease(client, held),
      cleared: (client) => complete(client, held),
    });
  }
}

for (;;) {
  const jobs = await nextJobs();
  await sleep((jobs[0]?.due.getTime() ?? 0) - Date.now() + 5);
  const waiting = jobs.map((job) => job.id);
  await Promise.all(Array.from({ length: concurrency }, () => work(waiting)));
}

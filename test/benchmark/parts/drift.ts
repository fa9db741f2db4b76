import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { createJobMaker } from '../support/jobs.ts';
import type { Row } from '../support/result.ts';
import { percentile, show } from '../support/statistics.ts';
import { createWorld, type World } from '../support/world.ts';
import type { Part } from './part.ts';

const pending = 100_000;
const batchSize = 500;
const jobs = 200;
/**
 * The jobs of a round are due one after the other, from a moment on that leaves time to enqueue them, and
 * far below what the worker can do (it does the resets, too): a backlog is the drain part's business.
 */
const [leadMs, everyMs] = [1_500, 40];
// Within the queue's horizon, beyond the run's end.
const farMs = 50 * 60_000;

/** From startTime to claim, with many delayed jobs in Redis, against a bare delayed job of BullMQ. */
export const drift: Part = async (context) => {
  const world = await createWorld(context.servers, { ...context, name: 'drift', datasets: 100 });
  const maker = await createJobMaker(world);
  const queue = new Queue('drift', {
    connection: { url: context.servers.redisUrl },
    prefix: 'plain',
    defaultJobOptions: { removeOnComplete: true },
  });
  const addPlain = (due: readonly number[]): Promise<unknown> => {
    const timestamp = Date.now();
    return queue.addBulk(
      due.map((at) => ({
        name: 'reset',
        data: { due: at },
        opts: { timestamp, delay: at - timestamp },
      })),
    );
  };
  try {
    const far = new Date(Date.now() + farMs);
    await maker.make(Array.from({ length: pending }, () => far));
    for (let added = 0; added < pending; added += batchSize) {
      await addPlain(Array.from({ length: batchSize }, () => far.getTime()));
    }
    context.log(`  ${pending} delayed jobs on each side`);
    await world.product('worker');
    const plain = await world.baseline('drift', false);
    const product: number[][] = [];
    const baseline: number[][] = [];
    // The first round of each is its warm-up.
    for (let round = 0; round <= context.rounds; round += 1) {
      const ids = await maker.make(dueTimes().map((at) => new Date(at)));
      product.push(await driftsOf(world, ids));
      const before = lines(plain.logFile).length;
      await addPlain(dueTimes());
      while (lines(plain.logFile).length < before + jobs) await sleep(100);
      baseline.push(lines(plain.logFile).slice(before).map(Number));
      context.log(
        `  p99: product ${show(percentile(product.at(-1) ?? [], 0.99))} ms, BullMQ ${show(percentile(baseline.at(-1) ?? [], 0.99))} ms`,
      );
    }
    return [0.5, 0.99].map((share): Row => {
      const of = (rounds: number[][]): number[] =>
        rounds.slice(1).map((drifts) => percentile(drifts, share));
      return {
        part: 'drift',
        what: `p${share * 100} of claim after startTime, ${pending.toLocaleString('en-US')} jobs pending`,
        unit: 'ms',
        product: of(product),
        baseline: { name: 'bare delayed job', values: of(baseline) },
        comparison: 'difference',
        target: share === 0.99 ? { bound: 'at most', value: 25 } : undefined,
      };
    });
  } finally {
    await Promise.all([queue.close(), maker.close()]);
    await world.stop();
  }
};

function dueTimes(): number[] {
  const first = Date.now() + leadMs;
  return Array.from({ length: jobs }, (_, index) => first + index * everyMs);
}

const lines = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);

/** How long after its start time each job was claimed, in milliseconds, when all have ended. */
async function driftsOf(world: World, ids: readonly string[]): Promise<number[]> {
  for (;;) {
    const { rows } = await world.pool.query<{ drift: number }>(
      `SELECT extract(epoch FROM started - start_time)::float8 * 1000 AS drift
       FROM kasabi.job WHERE id = ANY($1) AND end_time IS NOT NULL`,
      [ids],
    );
    if (rows.length === ids.length) return rows.map((row) => row.drift);
    await sleep(100);
  }
}

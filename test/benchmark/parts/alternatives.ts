import { Queue } from 'bullmq';
import { makeWorkerUtils } from 'graphile-worker';
import { PgBoss } from 'pg-boss';
import type { Running } from '../support/processes.ts';
import type { World } from '../support/world.ts';

/** One way to have resets done by processes of their own. */
export interface Contestant {
  /** Starts one of `of` processes; resolves when it waits for work. */
  start(share: number, of: number): Promise<Running>;
  /** Sets a reset of every dataset for this moment. */
  enqueue(startAt: Date): Promise<void>;
}

export interface Alternatives {
  readonly alternatives: Readonly<Record<'bullmq' | 'graphile-worker' | 'pg-boss', Contestant>>;
  close(): Promise<void>;
}

/** What one would pick instead: each gets a job for every dataset, set for the same moment. */
export async function createAlternatives(world: World, datasets: number): Promise<Alternatives> {
  const ids = Array.from({ length: datasets }, (_, index) => index + 1);
  const { databaseUrl, servers } = world;
  const queue = new Queue('resets', { connection: { url: servers.redisUrl }, prefix: 'plain' });
  const graphile = await makeWorkerUtils({ connectionString: databaseUrl });
  await graphile.migrate();
  const boss = new PgBoss({ connectionString: databaseUrl, supervise: false, schedule: false });
  await boss.start();
  await boss.createQueue('reset');
  return {
    alternatives: {
      bullmq: {
        start: () => world.baseline('bullmq', false),
        async enqueue(startAt) {
          const delay = startAt.getTime() - Date.now();
          await queue.addBulk(
            ids.map((datasetId) => ({ name: 'reset', data: { datasetId }, opts: { delay } })),
          );
        },
      },
      'graphile-worker': {
        start: () => world.baseline('graphile-worker', false),
        async enqueue(startAt) {
          await graphile.withPgClient((client) =>
            client.query(
              `SELECT graphile_worker.add_job('reset', json_build_object('datasetId', id), run_at := $2)
               FROM unnest($1::int[]) AS id`,
              [ids, startAt],
            ),
          );
        },
      },
      'pg-boss': {
        start: () => world.baseline('pg-boss', false),
        async enqueue(startAfter) {
          await boss.insert(
            'reset',
            ids.map((datasetId) => ({ data: { datasetId }, startAfter })),
          );
        },
      },
    },
    async close() {
      await queue.close();
      await graphile.release();
      await boss.stop({ graceful: false });
    },
  };
}

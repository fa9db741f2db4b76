import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { quadsTable } from '@kasabi/datasets';
import type pg from 'pg';
import { onConnection } from './on-connection.ts';
import type { PlannedGhost } from './schedule.ts';

/** Statements of attempts that are over, arriving late. */
export interface Ghost {
  start(): void;
  stop(): Promise<void>;
}

/**
 * Sends, every now and then, a statement that carries an old fence of the dataset, as a worker would whose
 * own checks had failed, or the present fence without the secret of its lock, as a writer might. The guard has to refuse each one; the audit counts those that it lets through.
 * What gets through is rolled back, so that one slip does not pass for another.
 */
export function createGhost(pool: pg.Pool, datasetId: number, planned: PlannedGhost): Ghost {
  const table = quadsTable(datasetId);
  const statement = planned.truncates ? `TRUNCATE ${table}` : `DELETE FROM ${table}`;
  let stopped = false;
  let guesses = false;
  let running: Promise<void> | undefined;

  async function haunt(client: pg.PoolClient): Promise<void> {
    await client.query("BEGIN; SET LOCAL lock_timeout = '50ms'");
    // Fences only grow: whatever the fence is when the statement arrives, that of an attempt that is over
    // is older. Whoever guesses takes the present one, and has no secret.
    await client.query(
      `SELECT set_config('kasabi.fence', concat_ws(':', id, fence - $2::int, $3::text), true)
       FROM kasabi.dataset WHERE id = $1`,
      [datasetId, guesses ? 0 : 1, guesses ? '' : randomUUID()],
    );
    guesses = !guesses;
    await client.query(statement);
    await client.query('ROLLBACK');
  }

  async function run(): Promise<void> {
    while (!stopped) {
      // Refused, as it should be, or Postgres was away. What got through is in the audit.
      await onConnection(pool, haunt).catch(() => undefined);
      await sleep(planned.everyMs);
    }
  }

  return {
    start() {
      running ??= run();
    },
    async stop() {
      stopped = true;
      await running;
    },
  };
}

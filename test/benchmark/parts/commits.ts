import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { percentile } from '../support/statistics.ts';
import type { Beside } from './http.ts';

/** What one commit takes while a load runs: the least that an accepted job has to wait for. */
export interface Commits extends Beside {
  /** Milliseconds, of each load. */
  readonly p99s: readonly number[];
}

const everyMs = 10;

/** Commits single rows beside each load, on a connection of its own. */
export async function watchCommits(pool: pg.Pool): Promise<Commits> {
  await pool.query('CREATE TABLE public.beside (n integer)');
  const p99s: number[] = [];
  return {
    p99s,
    begin() {
      const times: number[] = [];
      let isOver = false;
      async function commit(): Promise<void> {
        const client = await pool.connect();
        try {
          while (!isOver) {
            const began = performance.now();
            await client.query({
              name: 'beside',
              text: 'INSERT INTO public.beside VALUES ($1)',
              values: [times.length],
            });
            times.push(performance.now() - began);
            await sleep(everyMs);
          }
        } finally {
          client.release();
        }
      }
      const committed = commit();
      return async () => {
        isOver = true;
        await committed;
        p99s.push(percentile(times, 0.99));
      };
    },
  };
}

import { createLoop, type Loop } from '@kasabi/runtime';
import type pg from 'pg';
import { type Rescued, rescue } from './rescue.ts';

export interface RescuerOptions {
  readonly pool: pg.Pool;
  readonly intervalMs: number;
  readonly maxAttempts: number;
  readonly onRescue: (rescued: Rescued) => void;
  readonly onError: (error: unknown) => void;
}

const batchSize = 100;

/** The rescuer finds running jobs whose worker was lost, and rescues them; see `rescue`. */
export function createRescuer(options: RescuerOptions): Loop {
  async function runOnce(): Promise<void> {
    for (;;) {
      const rescued = await rescue(options.pool, {
        maxAttempts: options.maxAttempts,
        limit: batchSize,
      });
      for (const job of rescued) options.onRescue(job);
      if (rescued.length < batchSize) return;
    }
  }
  return createLoop({
    name: 'rescuer',
    intervalMs: options.intervalMs,
    runOnce,
    onError: options.onError,
  });
}

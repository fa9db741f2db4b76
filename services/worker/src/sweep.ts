import type { Swept } from '@kasabi/queue';
import { createLoop, type Logger, type Loop } from '@kasabi/runtime';

export interface SweepOptions {
  /** See `sweepUntagged`. */
  readonly sweep: () => Promise<Swept>;
  readonly log: Logger;
  readonly onError: (error: unknown) => void;
}

/** Removes the keys that a version before has left in Redis, once nobody uses them, and then rests. */
export function createSweep({ sweep, log, onError }: SweepOptions): Loop {
  let isDone = false;
  return createLoop({
    name: 'sweep',
    intervalMs: 60_000,
    async runOnce() {
      if (isDone) return;
      const swept = await sweep();
      isDone = swept !== 'in use';
      if (typeof swept === 'object') log.info(swept, 'removed the keys of the version before');
    },
    onError,
  });
}

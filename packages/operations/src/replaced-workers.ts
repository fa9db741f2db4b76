import type { WorkerState } from './overview.ts';
import { reportIntervalMs } from './report-worker.ts';

/** A worker that has not reported for this long, in milliseconds, counts as frozen or lost. */
export const silentAfterMs = 4 * reportIntervalMs;

/** Whether a worker reports, is silent, or is silent and has been replaced by another. */
export type WorkerPresence = 'alive' | 'silent' | 'replaced';

/**
 * Finds the missing workers. A silent worker counts as replaced when another one has started since its last report, on
 * any host, and none of its jobs is left to rescue: then there are as many workers as before, and nothing waits for
 * the lost one. Each new worker replaces only one. A frozen worker that wakes up reports again.
 */
export function presenceOf(workers: readonly WorkerState[]): ReadonlyMap<string, WorkerPresence> {
  const presence = new Map<string, WorkerPresence>();
  const silent: WorkerState[] = [];
  const newcomers: WorkerState[] = [];
  for (const worker of workers) {
    const alive = worker.silentMs < silentAfterMs;
    presence.set(worker.holder, alive ? 'alive' : 'silent');
    (alive ? newcomers : silent).push(worker);
  }
  // The last one to fall silent goes first, because the fewest workers can have replaced it.
  for (const worker of silent.sort((one, other) => Number(other.seen) - Number(one.seen))) {
    const index = newcomers.findIndex(({ started }) => started > worker.seen);
    if (index < 0) continue;
    newcomers.splice(index, 1);
    if (worker.heldJobs === 0) presence.set(worker.holder, 'replaced');
  }
  return presence;
}

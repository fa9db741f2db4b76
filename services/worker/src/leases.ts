import { type Claim, heartbeat } from '@kasabi/jobs';
import { createLoop, type Logger, throttledWarning } from '@kasabi/runtime';
import type pg from 'pg';

export interface LeasesOptions {
  readonly pool: pg.Pool;
  readonly leaseMs: number;
  readonly log: Logger;
}

/** The leases of the jobs this worker runs. All are extended in one statement, three times within their duration. */
export function createLeases(options: LeasesOptions) {
  const kept = new Map<string, { readonly claim: Claim; readonly abort: AbortController }>();

  async function runOnce(): Promise<void> {
    if (kept.size === 0) return;
    const present = [...kept.values()];
    const extended = await heartbeat(
      options.pool,
      present.map((entry) => entry.claim),
      options.leaseMs,
    );
    for (const { claim, abort } of present) {
      // Ended meanwhile, or lost; only the latter is still kept.
      if (extended.has(claim.jobId) || kept.get(claim.jobId)?.claim !== claim) continue;
      options.log.warn({ jobId: claim.jobId, attempt: claim.attempt }, 'lease lost');
      abort.abort(new Error('The lease was lost.'));
    }
  }

  return {
    /** Keeps the lease until `end` is called; `signal` aborts when the lease is lost or all are dropped. */
    keep(claim: Claim): { readonly signal: AbortSignal; end(): void } {
      const abort = new AbortController();
      kept.set(claim.jobId, { claim, abort });
      return {
        signal: abort.signal,
        end: () => {
          if (kept.get(claim.jobId)?.claim === claim) kept.delete(claim.jobId);
        },
      };
    },
    /** Aborts all kept jobs, with this reason. */
    dropAll(reason: Error): void {
      for (const { abort } of kept.values()) abort.abort(reason);
    },
    get size() {
      return kept.size;
    },
    loop: createLoop({
      name: 'heartbeat',
      intervalMs: options.leaseMs / 3,
      runOnce,
      onError: throttledWarning(options.log, 'heartbeat failed'),
    }),
  };
}

export type Leases = ReturnType<typeof createLeases>;

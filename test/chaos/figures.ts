import { causesOf } from './check-attempts.ts';
import type { Fault, FaultKind } from './faults.ts';
import type { TrialResult } from './trial.ts';

/** How long a job that a fault hit took to its end, from the fault's begin on. */
export interface Recovery {
  readonly kind: FaultKind;
  readonly trial: number;
  readonly jobId: string;
  readonly ms: number;
}

/**
 * For each fault: the jobs it met on its way. A fault at a point met the jobs of that dataset, one at a
 * time those of its trial; and every fault met the jobs whose attempts it cost, whatever trial they are
 * of. A job that was not due yet when the fault began is counted from then on.
 */
export function recoveriesOf(trials: readonly TrialResult[], faults: readonly Fault[]): Recovery[] {
  const recoveries: Recovery[] = [];
  for (const { plan, outcomes } of trials) {
    for (const { dataset, jobs, attempts } of outcomes) {
      for (const { id, end_time: end, created, start_time: start } of jobs) {
        if (end === null) continue;
        const lost = attempts.filter((it) => it.jobId === id && it.lost);
        for (const fault of faults) {
          const own = fault.trial === plan.trial && (fault.dataset ?? dataset) === dataset;
          const met = own && created <= fault.from + 1_000 && fault.from < end;
          if (!met && !lost.some((attempt) => causesOf(attempt, [fault]).length > 0)) continue;
          const ms = end - Math.max(fault.from, start);
          if (ms > 0) recoveries.push({ kind: fault.kind, trial: plan.trial, jobId: id, ms });
        }
      }
    }
  }
  return recoveries.sort((a, b) => a.ms - b.ms);
}

/** The value below which a share of the sorted numbers lies; 0 when there are none. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** How many jobs had so many attempts, and how they ended. */
export function jobFigures(trials: readonly TrialResult[]) {
  const attempts = new Map<number, number>();
  const outcomes = new Map<string, number>();
  const count = <Key>(map: Map<Key, number>, key: Key): void => {
    map.set(key, (map.get(key) ?? 0) + 1);
  };
  let writes = 0;
  let accepted = 0;
  for (const { jobs, accepted: answered, writes: written } of trials.flatMap((it) => it.outcomes)) {
    accepted += answered;
    for (const job of jobs) {
      count(attempts, job.attempt);
      // Who cancelled it is named by key, and each trial has its own.
      const message = job.message?.replace(/ \(key \d+\)/, '');
      count(outcomes, job.status === 'failed' ? `failed: ${message}` : job.status);
    }
    for (const [outcome, times] of written) {
      writes += times;
      outcomes.set(`write ${outcome}`, (outcomes.get(`write ${outcome}`) ?? 0) + times);
    }
  }
  return { attempts: [...attempts].sort(([a], [b]) => a - b), outcomes, writes, accepted };
}

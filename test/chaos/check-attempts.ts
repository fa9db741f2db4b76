import { isClaim } from './check-records.ts';
import type { JobChange } from './evidence.ts';
import { type Fault, hitsAttemptOf } from './faults.ts';
import type { Findings, Violation } from './invariants.ts';
import { leaseMs } from './stack.ts';

/** One attempt of a job, from its claim to what ended it. */
export interface Attempt {
  readonly jobId: string;
  readonly number: number;
  /** The process that had it. */
  readonly pid: number;
  readonly from: number;
  /** When the transaction of its claim began. */
  readonly began: number;
  /** Infinity while it runs. */
  readonly to: number;
  /** True when another attempt has to follow, or none was left. */
  readonly lost: boolean;
}

/** The attempts of all jobs of a dataset, in the order of their claims. */
export function attemptsOf(changes: readonly JobChange[]): Attempt[] {
  const attempts: Attempt[] = [];
  for (const change of changes.filter(isClaim)) {
    const { jobId } = change;
    const end = changes.find(
      (it) => it.jobId === jobId && it.seq > change.seq && it.after?.status !== 'running',
    );
    attempts.push({
      jobId,
      number: change.after?.attempt ?? 0,
      // The lease holder is written as host:pid:random.
      pid: Number(change.after?.lease_holder?.split(':').at(-2)),
      ...{ from: change.at, began: change.began },
      to: end?.at ?? Number.POSITIVE_INFINITY,
      lost: end?.after?.status !== 'completed',
    });
  }
  return attempts;
}

/**
 * The faults that a lost attempt may be put down to. Not a count but a cause: the fault hit the process
 * that had the attempt, or Postgres, and it did so between the claim and the loss. A worker that was hit
 * just before it claimed may feel it later: a socket that the server still believes in, a heartbeat that
 * is due; hence the lease's length of grace before, and none after.
 */
export function causesOf(attempt: Attempt, faults: readonly Fault[]): Fault[] {
  return faults.filter(
    (fault) =>
      hitsAttemptOf(fault, attempt.pid) &&
      fault.from <= attempt.to &&
      (fault.to ?? Number.POSITIVE_INFINITY) + leaseMs >= attempt.from,
  );
}

export function checkAttempts({ dataset, evidence, faults }: Findings): Violation[] {
  const violations: Violation[] = [];
  const attempts = attemptsOf(evidence.changes);
  for (const attempt of attempts) {
    if (!attempt.lost || causesOf(attempt, faults).length > 0) continue;
    violations.push({
      invariant: 'attempts',
      detail: `attempt ${attempt.number} of job ${attempt.jobId} was lost by process ${attempt.pid}, and no fault explains it`,
    });
  }
  for (const { jobId, number, from } of attempts) {
    const pause = faults.find(
      ({ paused }) =>
        paused !== undefined &&
        (paused.dataset ?? dataset) === dataset &&
        paused.from < from &&
        from < paused.to,
    )?.paused;
    if (pause === undefined) continue;
    const late = Math.round(from - pause.from);
    violations.push({
      invariant: 'paused',
      detail: `attempt ${number} of job ${jobId} began ${late} ms after a pause of ${pause.dataset ?? 'all'}`,
    });
  }
  // Claims and ends of one dataset follow each other, because the claim looks for a running job.
  for (const [index, attempt] of attempts.entries()) {
    const next = attempts[index + 1];
    if (next === undefined || next.from >= attempt.to) continue;
    violations.push({
      invariant: 'one-running',
      detail: `${dataset}: job ${next.jobId} was claimed while job ${attempt.jobId} was running`,
    });
  }
  return violations;
}

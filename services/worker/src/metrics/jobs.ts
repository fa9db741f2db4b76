import { type JobType, jobTypeNames } from '@kasabi/domain';
import type { Claim, Rescued } from '@kasabi/jobs';
import { mapNames, metricsOf } from '@kasabi/runtime';
import type { Counter, Registry } from 'prom-client';

const outcomes = ['completed', 'failed', 'retried', 'released', 'dropped'] as const;
const reasons = ['early', 'busy', 'paused', 'unchecked', 'error'] as const;

/** How an attempt ended; `dropped`: it was no longer this worker's. */
export type AttemptOutcome = (typeof outcomes)[number];

/** The metrics of what this worker does with jobs. */
export function createJobMetrics(registry: Registry) {
  const { counterBy, counters, histogramBy } = metricsOf(registry);
  const byType = (name: string, help: string) => counters(name, help, 'type', jobTypeNames);
  const started = byType('kasabi_jobs_started_total', 'Attempts started, one for each claim.');
  const endings: Record<AttemptOutcome, Record<JobType, Counter.Internal>> = {
    completed: byType('kasabi_jobs_completed_total', 'Jobs completed.'),
    failed: byType(
      'kasabi_jobs_failed_total',
      'Jobs that failed for good, in their handler or in the rescuer; cancelled jobs are not counted.',
    ),
    retried: byType('kasabi_jobs_retried_total', 'Attempts that ended with a retry.'),
    released: byType(
      'kasabi_jobs_released_total',
      'Attempts returned because the worker shut down; they do not count against the job.',
    ),
    dropped: byType(
      'kasabi_jobs_dropped_total',
      'Attempts abandoned because another one had taken over.',
    ),
  };
  const rescue = counterBy(
    'kasabi_jobs_rescued_total',
    'Jobs taken over from a lost worker, by the status they got: scheduled or failed.',
    ['type', 'status'],
  );
  const rescued = mapNames(jobTypeNames, (type) =>
    mapNames(['scheduled', 'failed'], (status) => rescue({ type, status })),
  );
  const snoozed = counters(
    'kasabi_jobs_snoozed_total',
    'Deliveries postponed: early, busy (another job of the dataset is first), paused, unchecked, or after an error.',
    'reason',
    reasons,
  );

  const drift = histogramBy(
    'kasabi_job_start_drift_seconds',
    "From a job's start time to its first attempt, by Postgres's clock.",
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800],
    ['type'],
  );
  const drifts = mapNames(jobTypeNames, (type) => drift({ type }));
  const run = histogramBy(
    'kasabi_job_run_duration_seconds',
    'From the claim to the end of an attempt, by how it ended.',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    ['type', 'outcome'],
  );
  const runs = mapNames(jobTypeNames, (type) =>
    mapNames(outcomes, (outcome) => run({ type, outcome })),
  );
  const count = histogramBy(
    'kasabi_job_attempts',
    'How many attempts a job took until it completed or failed.',
    [1, 2, 3, 5, 10, 20, 50],
    ['type'],
  );
  const attempts = mapNames(jobTypeNames, (type) => count({ type }));

  return {
    claimed({ type, attempt, driftMs }: Claim): void {
      started[type].inc();
      if (attempt === 1) drifts[type].observe(driftMs / 1_000);
    },
    /** @param runMs from the claim to the end of the attempt. */
    ended({ type, attempt }: Claim, outcome: AttemptOutcome, runMs: number): void {
      endings[outcome][type].inc();
      runs[type][outcome].observe(runMs / 1_000);
      if (outcome === 'completed' || outcome === 'failed') attempts[type].observe(attempt);
    },
    /** A delivery was returned, to come again. */
    snoozed(reason: (typeof reasons)[number]): void {
      snoozed[reason].inc();
    },
    rescued({ type, status, attempt }: Rescued): void {
      rescued[type][status].inc();
      if (status !== 'failed') return;
      endings.failed[type].inc();
      attempts[type].observe(attempt);
    },
  };
}

import { type JobType, jobTypeNames } from '@kasabi/domain';
import type { AcceptOutcome, Rejection } from '@kasabi/jobs';
import { createRegistry, metricsOf } from '@kasabi/runtime';

const rejections = [
  'refused',
  'dataset-unknown',
  'too-far-ahead',
  'too-many-open',
  'key-reused',
  'in-flight',
] as const satisfies readonly Rejection[];

/**
 * All metrics of the api service.
 *
 * @param waiting how many requests for jobs wait for the next statement now.
 */
export function createApiMetrics(waiting: () => number) {
  const registry = createRegistry();
  const { counter, counters, gauge } = metricsOf(registry);
  const accepted = counters('kasabi_jobs_accepted_total', 'Jobs accepted.', 'type', jobTypeNames);
  const refused = counters(
    'kasabi_job_requests_refused_total',
    'Valid requests for a job that were refused, by the reason.',
    'reason',
    rejections,
  );
  const replayed = counter(
    'kasabi_job_requests_replayed_total',
    'Requests answered with the job of an earlier one with the same Idempotency-Key.',
  );
  const { owner: cancelled } = counters(
    'kasabi_jobs_cancelled_total',
    'Jobs cancelled, by whom: their owner, or an operator through the page.',
    'by',
    ['owner'],
  );
  const notEnqueued = counter(
    'kasabi_jobs_enqueue_failures_total',
    'Accepted jobs that could not be handed to Redis at once; the relay does it.',
  );
  gauge('kasabi_accept_waiting', 'Requests for jobs that wait for the next statement.', waiting);
  return {
    registry,
    /** Records the outcome of a valid request for a job. */
    answered(type: JobType, outcome: AcceptOutcome['outcome']): void {
      if (outcome === 'accepted') accepted[type].inc();
      else if (outcome === 'replayed') replayed.inc();
      else refused[outcome].inc();
    },
    /** Records a job that its owner has cancelled. */
    cancelled: (): void => cancelled.inc(),
    /** Records an accepted job that could not be handed to Redis at once. */
    notEnqueued: (): void => notEnqueued.inc(),
  };
}

export type ApiMetrics = ReturnType<typeof createApiMetrics>;

import { formatDuration } from './duration.ts';
import type { Finding } from './finding.ts';
import type { LockedDataset, Overview } from './overview.ts';

/** A due job may wait for so long, in milliseconds, before that is a backlog. */
const backlogAfterMs = 30_000;

/** The rescuer may take so long, in milliseconds, to come by. */
const rescueLateMs = 15_000;

/** What is wrong with jobs and datasets. */
export function diagnoseJobs(overview: Overview): Finding[] {
  return [...abandoned(overview), ...backlog(overview), ...failing(overview)];
}

function abandoned({ lockedDatasets }: Overview): Finding[] {
  return lockedDatasets.flatMap((lock) => {
    const why = whyAbandoned(lock);
    if (why === undefined) return [];
    const releasable = lock.jobStatus !== 'running' && lock.jobStatus !== 'scheduled';
    return [
      {
        code: 'dataset-abandoned',
        severity: 'critical',
        what: `The dataset ${lock.code} is read-only, locked for ${formatDuration(lock.lockedMs)} by the job ${lock.lockedBy}, ${why}.`,
        since: lock.lockedAt,
        todo: releasable
          ? `Release the lock: on the operations page, or npm run admin -- dataset unlock ${lock.code}`
          : 'The rescuer frees it when a worker runs; the log of the workers says "rescuer round failed" if it cannot.',
      },
    ];
  });
}

/** Why a lock is nobody's; undefined while its job is at work. */
function whyAbandoned({ jobStatus, leaseExpiredMs }: LockedDataset): string | undefined {
  switch (jobStatus) {
    case null:
      return 'which does not exist';
    case 'completed':
    case 'failed':
    case 'cancelled':
      return `which has ended (${jobStatus})`;
    case 'scheduled':
      return 'which does not run (scheduled)';
    case 'running':
      return leaseExpiredMs === null || leaseExpiredMs < rescueLateMs
        ? undefined
        : `whose worker was lost ${formatDuration(leaseExpiredMs)} ago`;
  }
}

function backlog({ oldestDueMs, due, running, workers, now }: Overview): Finding[] {
  if (oldestDueMs < backlogAfterMs) return [];
  const room = workers.reduce((sum, { concurrency }) => sum + concurrency, 0);
  return [
    {
      code: 'queue-backlog',
      severity: 'warning',
      what: `${due} jobs are due and wait, the oldest for ${formatDuration(oldestDueMs)}; ${running} run, of ${room} that the workers could.`,
      since: new Date(now.getTime() - oldestDueMs),
      todo: 'With all places taken, start more workers or raise WORKER_CONCURRENCY. With places free, see whether the jobs that wait are of one dataset (one runs at a time), and the log of the workers.',
    },
  ];
}

function failing({ troubledJobs }: Overview): Finding[] {
  const [first] = troubledJobs;
  if (first === undefined) return [];
  const others = troubledJobs.length - 1;
  const how =
    first.status === 'failed'
      ? `has failed after ${first.attempt} attempt(s)`
      : `is at attempt ${first.attempt}`;
  return [
    {
      code: 'job-fails',
      severity: 'warning',
      what: `The job ${first.id} of ${first.dataset} ${how}${first.message === null ? '' : `: ${first.message}`}${others > 0 ? ` There are ${others} more.` : ''}`,
      ...(first.endTime !== null && { since: first.endTime }),
      todo: `See its transitions: npm run admin -- job show ${first.id}. When the cause is mended, retry it. A job that failed is named for an hour.`,
    },
  ];
}

import { formatDuration } from './duration.ts';
import type { Finding } from './finding.ts';
import type { LockedDataset, Overview, TroubledJob } from './overview.ts';
import { plural } from './plural.ts';

/** When the oldest due job has waited this long, in milliseconds, there is a backlog. */
const backlogAfterMs = 30_000;

/** How late, in milliseconds, the rescuer may be. */
const rescueLateMs = 15_000;

/** What is wrong with jobs and datasets. */
export function diagnoseJobs(overview: Overview): Finding[] {
  return [...abandoned(overview), ...busy(overview), ...backlog(overview), ...failing(overview)];
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
        what: `The dataset ${lock.code} has been read-only for ${formatDuration(lock.lockedMs)}. It is locked by the job ${lock.lockedBy}, ${why}.`,
        since: lock.lockedAt,
        todo: releasable
          ? `Unlock it: on the operations page, or npm run admin -- dataset unlock ${lock.code}`
          : 'The rescuer unlocks it when a worker runs. If it cannot, the workers log "rescuer round failed".',
        subject: { kind: 'dataset', id: lock.code },
        event: lock.lockedBy,
        ...(releasable && { remedy: 'unlock' }),
      },
    ];
  });
}

/** Why no running job holds a lock; undefined while one does. */
function whyAbandoned({ jobStatus, leaseExpiredMs }: LockedDataset): string | undefined {
  switch (jobStatus) {
    case null:
      return 'which does not exist';
    case 'completed':
    case 'failed':
    case 'cancelled':
      return `which has ended (${jobStatus})`;
    case 'scheduled':
      return 'which is not running (scheduled)';
    case 'running':
      return leaseExpiredMs === null || leaseExpiredMs < rescueLateMs
        ? undefined
        : `whose worker was lost ${formatDuration(leaseExpiredMs)} ago`;
  }
}

/** These end with the job, or with an attempt that does not find the dataset busy. */
function busy({ busyJobs }: Overview): Finding[] {
  return busyJobs.map((job) => {
    const { id, dataset, type, attempt, busyMs, cause, causeMs } = job;
    const next =
      job.dueInMs > 0
        ? `the next is in ${formatDuration(job.dueInMs)}`
        : 'the next is due or running';
    const noted =
      cause === null || causeMs === null
        ? ''
        : ` The last one, ${formatDuration(causeMs)} ago, reported: ${cause}`;
    return {
      code: 'dataset-busy',
      severity: 'warning',
      what: `The ${type} ${id} of ${dataset} has waited for the dataset's writers for ${formatDuration(busyMs)}: ${plural(attempt, 'attempt')} so far, ${next}.${noted}`,
      since: job.busySince,
      todo: `Have whoever blocks it commit or roll back. SELECT pg_terminate_backend(PROCESS) ends a session, ROLLBACK PREPARED 'NAME' a prepared transaction. The job then continues by itself within five minutes. Or cancel it: npm run admin -- job cancel ${id}`,
      subject: { kind: 'job', id },
      event: job.busySince.toISOString(),
    };
  });
}

function backlog({ oldestDueMs, due, running, workers, now }: Overview): Finding[] {
  if (oldestDueMs < backlogAfterMs) return [];
  const room = workers.reduce((sum, { concurrency }) => sum + concurrency, 0);
  return [
    {
      code: 'queue-backlog',
      severity: 'warning',
      what: `${plural(due, 'due job waits', 'due jobs wait')}, the oldest for ${formatDuration(oldestDueMs)}. ${plural(running, 'job is', 'jobs are')} running, of ${room} that the workers can run at a time.`,
      since: new Date(now.getTime() - oldestDueMs),
      todo: 'If the workers are full, start more or raise WORKER_CONCURRENCY. If they have room, check whether the waiting jobs belong to one dataset (one runs at a time), and read the log of the workers.',
    },
  ];
}

/** One for each dataset, because any later job that completes there ends it. */
function failing({ troubledJobs }: Overview): Finding[] {
  const datasets = new Map<string, TroubledJob[]>();
  for (const job of troubledJobs) {
    const known = datasets.get(job.dataset);
    if (known === undefined) datasets.set(job.dataset, [job]);
    else known.push(job);
  }
  return [...datasets.values()].flatMap((jobs) => {
    const [first, ...others] = jobs;
    return first === undefined ? [] : [failingJob(first, others.length)];
  });
}

function failingJob(job: TroubledJob, others: number): Finding {
  const { id, dataset, attempt, message, endTime } = job;
  const hasFailed = endTime !== null;
  const how = hasFailed
    ? `has failed after ${plural(attempt, 'attempt')}`
    : `is at attempt ${attempt}`;
  const more =
    others === 0 ? '' : ` ${plural(others, 'other job fails', 'other jobs fail')} there, too.`;
  return {
    code: 'job-fails',
    severity: 'warning',
    what: `The job ${id} of ${dataset} ${how}${message === null ? '.' : `: ${message}`}${more}`,
    ...(hasFailed && { since: endTime, remedy: 'retry' }),
    todo: hasFailed
      ? `See what happened: npm run admin -- job show ${id}. Fix the cause, then repeat the job. This finding ends when a later job of the dataset completes, or after a day.`
      : `See what happened: npm run admin -- job show ${id}. It is retried automatically.`,
    subject: { kind: 'job', id },
    event: hasFailed ? endTime.toISOString() : 'trying',
  };
}

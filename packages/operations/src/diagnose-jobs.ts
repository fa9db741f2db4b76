import { formatDuration } from './duration.ts';
import type { Finding } from './finding.ts';
import type { LockedDataset, Overview, TroubledJob } from './overview.ts';

/** A due job may wait for so long, in milliseconds, before that is a backlog. */
const backlogAfterMs = 30_000;

/** The rescuer may take so long, in milliseconds, to come by. */
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
        what: `The dataset ${lock.code} is read-only, locked for ${formatDuration(lock.lockedMs)} by the job ${lock.lockedBy}, ${why}.`,
        since: lock.lockedAt,
        todo: releasable
          ? `Unlock it: on the operations page, or npm run admin -- dataset unlock ${lock.code}`
          : 'The rescuer frees it when a worker runs; the log of the workers says "rescuer round failed" if it cannot.',
        subject: { kind: 'dataset', id: lock.code },
        event: lock.lockedBy,
        ...(releasable && { remedy: 'unlock' }),
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

/** It ends with the job, or with an attempt that does not find the dataset busy. */
function busy({ busyJobs }: Overview): Finding[] {
  return busyJobs.map((job) => {
    const { id, dataset, type, attempt, busyMs, cause, causeMs } = job;
    const next =
      job.dueInMs > 0
        ? `the next is in ${formatDuration(job.dueInMs)}`
        : 'the next is due or under way';
    const noted =
      cause === null || causeMs === null
        ? ''
        : ` ${formatDuration(causeMs)} ago it noted: ${cause}`;
    return {
      code: 'dataset-busy',
      severity: 'warning',
      what: `The ${type} ${id} of ${dataset} has waited for the dataset's writers for ${formatDuration(busyMs)}: ${attempt} attempt(s), ${next}.${noted}`,
      since: job.busySince,
      todo: `See that whoever is in the way commits or rolls back; Postgres ends their session by SELECT pg_terminate_backend(PROCESS), a prepared transaction by ROLLBACK PREPARED 'NAME'. The job then goes on by itself, within five minutes. Or cancel it: npm run admin -- job cancel ${id}`,
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
      what: `${due} jobs are due and wait, the oldest for ${formatDuration(oldestDueMs)}; ${running} run, of ${room} that the workers could.`,
      since: new Date(now.getTime() - oldestDueMs),
      todo: 'With all places taken, start more workers or raise WORKER_CONCURRENCY. With places free, see whether the jobs that wait are of one dataset (one runs at a time), and the log of the workers.',
    },
  ];
}

/** One for each dataset: a job that completes there ends it, whichever of its jobs failed. */
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
    ? `has failed after ${attempt} attempt${attempt === 1 ? '' : 's'}`
    : `is at attempt ${attempt}`;
  const more =
    others === 0 ? '' : ` ${others} more of its jobs ${others === 1 ? 'fails' : 'fail'}, too.`;
  return {
    code: 'job-fails',
    severity: 'warning',
    what: `The job ${id} of ${dataset} ${how}${message === null ? '.' : `: ${message}`}${more}`,
    ...(hasFailed && { since: endTime, remedy: 'retry' }),
    todo: hasFailed
      ? `See its transitions: npm run admin -- job show ${id}. When the cause is gone, repeat it. This ends when a later job of the dataset completes, or after a day.`
      : `See its transitions: npm run admin -- job show ${id}. It is tried again by itself.`,
    subject: { kind: 'job', id },
    event: hasFailed ? endTime.toISOString() : 'trying',
  };
}

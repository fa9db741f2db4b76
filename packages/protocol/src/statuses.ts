import type { RecordStatus } from '@kasabi/domain';

/** The four statuses of a job in the API. The record has a fifth, `cancelled`, which is `failed` here. */
export const jobStatuses = ['scheduled', 'running', 'completed', 'failed'] as const;

export type JobStatus = (typeof jobStatuses)[number];

/** The statuses of the record that a status in the API stands for. */
export const recordStatusesOf: Readonly<Record<JobStatus, readonly RecordStatus[]>> = {
  scheduled: ['scheduled'],
  running: ['running'],
  completed: ['completed'],
  failed: ['failed', 'cancelled'],
};

/** Why a job is `failed`, in its document. */
export const failureReasons = ['cancelled', 'lost', 'busy', 'error'] as const;

export type FailureReason = (typeof failureReasons)[number];

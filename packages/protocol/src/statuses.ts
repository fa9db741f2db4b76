import type { RecordStatus } from '@kasabi/domain';

/** The four statuses of a job on the wire. The record has a fifth, `cancelled`, which is `failed` here. */
export const jobStatuses = ['scheduled', 'running', 'completed', 'failed'] as const;

export type JobStatus = (typeof jobStatuses)[number];

/** In which statuses of the record a job has a status of the wire. */
export const recordStatusesOf: Readonly<Record<JobStatus, readonly RecordStatus[]>> = {
  scheduled: ['scheduled'],
  running: ['running'],
  completed: ['completed'],
  failed: ['failed', 'cancelled'],
};

/** Why a job is `failed`, in its document. */
export const failureReasons = ['cancelled', 'lost', 'busy', 'error'] as const;

export type FailureReason = (typeof failureReasons)[number];

import type { JobStatus } from '@kasabi/protocol';

/** The statuses of a record. On the wire a cancelled job is `failed`, and its `reason` says so. */
export const recordStatuses = ['scheduled', 'running', 'completed', 'failed', 'cancelled'] as const;

export type RecordStatus = (typeof recordStatuses)[number];

/** In which statuses of the record a job has a status of the wire. */
export const recordStatusesOf: Readonly<Record<JobStatus, readonly RecordStatus[]>> = {
  scheduled: ['scheduled'],
  running: ['running'],
  completed: ['completed'],
  failed: ['failed', 'cancelled'],
};

/**
 * Why a job failed: `lost`, its attempts ended with their workers too often; `busy`, the dataset or the
 * database was busy until its time was up; `error`, it hit something that another attempt would not mend.
 */
export type FailureReason = 'lost' | 'busy' | 'error';

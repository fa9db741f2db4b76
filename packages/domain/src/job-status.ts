/** The statuses of a record. On the wire a cancelled job is `failed`, and its `reason` says so. */
export const recordStatuses = ['scheduled', 'running', 'completed', 'failed', 'cancelled'] as const;

export type RecordStatus = (typeof recordStatuses)[number];

/**
 * Why a job failed: `lost`, its attempts ended with their workers too often; `busy`, the dataset or the
 * database was busy until its time was up; `error`, it hit something that another attempt would not mend.
 */
export type FailureReason = 'lost' | 'busy' | 'error';

/** The four statuses of a job on the wire. The record has a fifth, `cancelled`, which is `failed` here. */
export const jobStatuses = ['scheduled', 'running', 'completed', 'failed'] as const;

export type JobStatus = (typeof jobStatuses)[number];

/** Why a job is `failed`, in its document. */
export const failureReasons = ['cancelled', 'lost', 'busy', 'error'] as const;

export type FailureReason = (typeof failureReasons)[number];

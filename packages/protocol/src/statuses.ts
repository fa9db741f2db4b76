/** The four statuses of a job, in the record and on the wire. */
export const jobStatuses = ['scheduled', 'running', 'completed', 'failed'] as const;

export type JobStatus = (typeof jobStatuses)[number];

export type { Delivery, Enqueue } from './delivery.ts';
export { type FailureReason, type RecordStatus, recordStatuses } from './job-status.ts';
export { type JobType, jobTypeNames, jobTypes, lockingJobTypes } from './job-types.ts';
export type { Refusal } from './refusal.ts';
export { datasetCodePattern } from './short-code.ts';
export { isUuid, uuidFromBase64url, uuidToBase64url } from './uuid.ts';

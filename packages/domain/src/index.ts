export type { Delivery, Enqueue } from './delivery.ts';
export {
  type ExportedFile,
  type ExportFormat,
  exportFormats,
  fileOf,
  type JobProgress,
  type JobResult,
  type RestoredData,
} from './job-outcome.ts';
export { type FailureReason, type RecordStatus, recordStatuses } from './job-status.ts';
export {
  cancellableJobTypes,
  type JobParameters,
  type JobType,
  type JobTypeEntry,
  jobTypeNames,
  jobTypes,
  lockingJobTypes,
} from './job-types.ts';
export type { Refusal } from './refusal.ts';
export { datasetCodePattern } from './short-code.ts';
export { isUuid, uuidFromBase64url, uuidToBase64url } from './uuid.ts';

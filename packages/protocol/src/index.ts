export { formatDateTime } from './dates.ts';
export {
  type DatasetStatusDocument,
  datasetStatusDocument,
  type JobDocument,
  type JobFacts,
  type JobListDocument,
  jobDocument,
  jobDocumentOf,
  jobListDocument,
  jobListEntry,
  type SuccessStatus,
  successStatuses,
} from './documents.ts';
export * from './error-catalog.ts';
export * from './errors.ts';
export { parseIdempotencyKey } from './idempotency.ts';
export {
  cursorAfter,
  jobListParameters,
  jobListParts,
  parseJobListRequest,
} from './job-list-request.ts';
export { jobRequestParameters, jobRequestParts, parseJobRequest } from './job-request.ts';
export { type Gathered, gatherParameters, type Parameters } from './parameters.ts';
export { parsePreferWait } from './prefer.ts';
export { refusalOf } from './refusals.ts';
export { failureReasons, jobStatuses, recordStatusesOf } from './statuses.ts';

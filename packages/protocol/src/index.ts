export { dateTimePattern, formatDateTime, readDateTime } from './dates.ts';
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
export * from './errors.ts';
export { parseIdempotencyKey } from './idempotency.ts';
export { cursorAfter, jobListParameters, parseJobListRequest } from './job-list-request.ts';
export { jobRequestParameters, parseJobRequest } from './job-request.ts';
export { type Gathered, gatherParameters, type Parameters } from './parameters.ts';
export { parsePreferWait } from './prefer.ts';
export { refusalOf } from './refusals.ts';
export { failureReasons, jobStatuses, recordStatusesOf } from './statuses.ts';

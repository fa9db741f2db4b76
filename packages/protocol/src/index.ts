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
  legacyStatuses,
  type SuccessStatus,
  successStatuses,
} from './documents.ts';
export * from './errors.ts';
export { parseIdempotencyKey } from './idempotency.ts';
export {
  cursorAfter,
  type JobListRequest,
  jobListParameters,
  parseJobListRequest,
} from './job-list-request.ts';
export {
  type JobRequest,
  jobRequestParameters,
  type ParsedJobRequest,
  parseJobRequest,
} from './job-request.ts';
export { createOpenApiDocument } from './openapi.ts';
export { exampleValues } from './openapi-examples.ts';
export * from './openapi-types.ts';
export {
  type Gathered,
  gatherParameters,
  type ParameterSources,
  type Parameters,
} from './parameters.ts';
export { parsePreferWait } from './prefer.ts';
export {
  type FailureReason,
  failureReasons,
  type JobStatus,
  jobStatuses,
  recordStatusesOf,
} from './statuses.ts';

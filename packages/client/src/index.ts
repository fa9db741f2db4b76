export { type Client, createClient } from './client.ts';
export type {
  EndedJobDocument,
  FailureReason,
  Job,
  JobDocument,
  JobReference,
  JobStatus,
  ListedJob,
  SubmittedJob,
} from './documents.ts';
export * from './errors.ts';
export type { ListOptions } from './list.ts';
export type { ClientOptions, Fetch } from './settings.ts';
export type { SignalOption } from './status.ts';
export type { SubmitOptions } from './submit.ts';
export type { WaitOptions } from './wait.ts';

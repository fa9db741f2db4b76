import {
  exportFormats,
  type JobProgress,
  type JobResult,
  type JobType,
  jobTypeNames,
  type FailureReason as RecordReason,
  type RecordStatus,
} from '@kasabi/domain';
import { z } from 'zod';
import { formatDateTime } from './dates.ts';
import { type FailureReason, failureReasons, jobStatuses } from './statuses.ts';

const dateTime = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/)
  .meta({ format: 'date-time' });

/** The word in `jobStatus` for each status, for clients of 2012. */
export const legacyStatuses = {
  scheduled: 'pending',
  running: 'running',
  completed: 'applied',
  failed: 'failed',
} as const;

/** The words that may be used for `completed`: that of the reference's definition, and that of its example. */
export const successStatuses = ['completed', 'succeeded'] as const;
export type SuccessStatus = (typeof successStatuses)[number];

const count = z.int().min(0);

const jobProgress = z
  .object({
    quads: count.describe('How many quads are done.'),
    bytes: count.describe('How many bytes of the file are done.'),
    ofQuads: count.nullable().describe('Of how many quads; null if that is not known.'),
    ofBytes: count.nullable().describe('Of how many bytes; null if that is not known.'),
  })
  .describe('How far a running job has come, at most a second ago.');

const exportResult = z
  .object({
    url: z.url().describe('Where its file is, for the same key.'),
    format: z.enum(exportFormats).describe('N-Quads, compressed with gzip or not.'),
    quads: count.describe('How many quads it has.'),
    bytes: count.describe('The size of the file.'),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('The SHA-256 of the file.'),
    snapshotTime: dateTime.describe('The file has all that was committed before this time.'),
    expires: dateTime.describe('When the file is deleted.'),
  })
  .describe('The file that an export has made.');

const restoreResult = z
  .object({
    quads: count.describe('How many quads the dataset has now.'),
    source: z.uuid().describe('The id of the export.'),
    previousQuads: count.describe('How many quads the dataset had before.'),
  })
  .describe('What a restore has done.');

const jobResult = z.union([exportResult, restoreResult]);

/** What `GET /data/{short-code}/jobs/{id}` answers. */
export const jobDocument = z.object({
  created: dateTime.describe('When the job was accepted.'),
  startTime: dateTime.describe('The earliest time at which the job starts.'),
  endTime: dateTime.nullable().describe('When the job ended; null until then.'),
  status: z.enum([...jobStatuses, 'succeeded']).describe('The state of the job.'),
  jobStatus: z.enum(legacyStatuses).describe('The state in the words that clients of 2012 know.'),
  jobType: z.enum(jobTypeNames).describe('What the job does.'),
  dataset: z.string().describe("The dataset's short code."),
  attempt: z.int().min(0).describe('How many attempts the job has had.'),
  message: z.string().nullable().describe('A message for its owner, such as why it failed.'),
  reason: z
    .enum(failureReasons)
    .nullable()
    .describe(
      'Why it failed: cancelled, by its owner or an operator; lost, by workers that stopped answering; busy, because writers or the database blocked every attempt; error, anything else. Null unless it failed.',
    ),
  progress: jobProgress
    .nullable()
    .describe('How far it has come; null unless it is running, and for types that do not say.'),
  result: jobResult
    .nullable()
    .describe('What it has made; null until it has completed, and for types that make nothing.'),
});
export type JobDocument = z.infer<typeof jobDocument>;

/** What `GET /dataset/{short-code}/status` answers. */
export const datasetStatusDocument = z.object({
  status: z.enum(['draft', 'published']).describe('Whether it has been published.'),
  storageMode: z
    .enum(['read-write', 'read-only'])
    .describe('Whether its data can be written: not while a job has locked it.'),
  jobs: z
    .enum(['running', 'paused'])
    .describe('Whether its jobs start when they are due: not while operators have paused them.'),
});
export type DatasetStatusDocument = z.infer<typeof datasetStatusDocument>;

/** The facts about a job that its document is made from. */
export interface JobFacts {
  readonly id: string;
  readonly dataset: string;
  readonly type: JobType;
  /** The status of the record. */
  readonly status: RecordStatus;
  readonly created: Date;
  readonly startTime: Date;
  readonly endTime: Date | null;
  readonly attempt: number;
  readonly message: string | null;
  /** Why it failed; null if that is unknown, or if it has not failed. */
  readonly reason: RecordReason | null;
  readonly progress: JobProgress | null;
  readonly result: JobResult | null;
}

/** What a deployment decides about documents. */
export interface DocumentOptions {
  /** The word for `completed`. */
  readonly successStatus: SuccessStatus;
  /** Where clients reach the status host, without a trailing slash. */
  readonly statusUrl: string;
}

/** A job as clients see it. */
export function jobDocumentOf(job: JobFacts, options: DocumentOptions): JobDocument {
  const status = job.status === 'cancelled' ? 'failed' : job.status;
  return {
    created: formatDateTime(job.created),
    startTime: formatDateTime(job.startTime),
    endTime: job.endTime === null ? null : formatDateTime(job.endTime),
    status: status === 'completed' ? options.successStatus : status,
    jobStatus: legacyStatuses[status],
    jobType: job.type,
    dataset: job.dataset,
    attempt: job.attempt,
    message: job.message,
    reason: reasonOf(job),
    progress: job.progress,
    result: resultOf(job, options.statusUrl),
  };
}

function resultOf({ id, dataset, result }: JobFacts, statusUrl: string): JobDocument['result'] {
  if (result === null) return null;
  if (!('object' in result)) return result;
  const { object: _, snapshotTime, expires, ...file } = result;
  return {
    url: `${statusUrl}/data/${dataset}/exports/${id}`,
    ...file,
    snapshotTime: formatDateTime(new Date(snapshotTime)),
    expires: formatDateTime(new Date(expires)),
  };
}

function reasonOf({ status, reason }: JobFacts): FailureReason | null {
  if (status === 'cancelled') return 'cancelled';
  return status === 'failed' ? (reason ?? 'error') : null;
}

/** A job in a list: its document with its id and address. */
export const jobListEntry = jobDocument.extend({
  id: z.uuid().describe('The last part of its address.'),
  url: z.url().describe("The job's own address."),
});

/** What `GET /data/{short-code}/jobs` answers: a page, newest first. */
export const jobListDocument = z.object({ jobs: z.array(jobListEntry).describe('Newest first.') });
export type JobListDocument = z.infer<typeof jobListDocument>;

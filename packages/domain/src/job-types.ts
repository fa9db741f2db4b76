import { z } from 'zod';
import { exportFormats } from './job-outcome.ts';

/** What everybody says of a job type. Its handler is `services/worker/src/handlers/<type>.ts`. */
export interface JobTypeEntry {
  /** One sentence for owners, in the documentation. */
  readonly summary: string;
  /** Whether the dataset is read-only while the job runs. */
  readonly locks: boolean;
  /** Whether a running job can be cancelled. It must not hold a lock then, and its attempt has no effect until it completes. */
  readonly cancelsWhileRunning: boolean;
  /** The message in the record of a job on a published dataset; null if its users notice nothing. */
  readonly publishedNotice: string | null;
  /** Its parameters besides `startTime`: texts, as clients send them; kept in the record as they are read. */
  readonly parameters: z.ZodObject;
}

/**
 * The catalog of job types. Adding one is an entry here and a handler file in the worker, which does
 * not compile until there is one.
 */
export const jobTypes = {
  reset: {
    summary: 'Makes the dataset read-only, deletes all its data, and makes it read-write again.',
    locks: true,
    cancelsWhileRunning: false,
    publishedNotice:
      'The dataset is published: its users cannot change it while the job runs, and find it empty afterwards.',
    parameters: z.object({}),
  },
  export: {
    summary:
      'Writes all data of the dataset, as it is at one moment, to a file that its owner can download. Readers and writers go on.',
    locks: false,
    cancelsWhileRunning: true,
    publishedNotice: null,
    parameters: z.object({
      format: z
        .enum(exportFormats, { error: `format must be ${exportFormats.join(' or ')}.` })
        .default('nq.gz')
        .describe('N-Quads, compressed with gzip (`nq.gz`) or not (`nq`).'),
    }),
  },
} as const satisfies Record<string, JobTypeEntry>;

export type JobType = keyof typeof jobTypes;

/** The parameters of a job, as its type's entry reads them. */
export type JobParameters = Readonly<Record<string, unknown>>;

export const jobTypeNames = Object.keys(jobTypes) as [JobType, ...JobType[]];

const typesWith = (has: (entry: JobTypeEntry) => boolean): readonly JobType[] =>
  jobTypeNames.filter((type) => has(jobTypes[type]));

/** The types whose jobs lock their dataset. */
export const lockingJobTypes = typesWith((entry) => entry.locks);

/** The types whose running jobs can be cancelled. */
export const cancellableJobTypes = typesWith((entry) => entry.cancelsWhileRunning);

import { z } from 'zod';
import { exportFormats } from './job-outcome.ts';

/** What everybody says of a job type. Its handler is `services/worker/src/handlers/<type>.ts`. */
export interface JobTypeEntry {
  /** One sentence for owners, in the documentation. */
  readonly summary: string;
  /** Whether the dataset is read-only while the job runs. */
  readonly locks: boolean;
  /** Whether a running job can be cancelled. Its attempt must have no effect before the commit that completes it. */
  readonly cancelsWhileRunning: boolean;
  /** The message in the record of a job on a published dataset; null if its users notice nothing. */
  readonly publishedNotice: string | null;
  /** Its parameters besides `startTime`: texts, as clients send them; kept in the record as they are read. */
  readonly parameters: z.ZodObject;
}

const uuidLength = 36;

const restoreSource =
  /^(?:https?:\/\/[^?#]+\/(?:exports|jobs)\/)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

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
    parameters: z.object({
      keepExport: z
        .enum(['true', 'false'], { error: 'keepExport must be true or false.' })
        .optional()
        .describe(
          'Whether the data is written to a file first, as by an export (`nq.gz`): without the file, nothing is deleted.',
        ),
    }),
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
  restore: {
    summary:
      'Makes the dataset read-only, replaces all its data with that of an export, and makes it read-write again.',
    locks: true,
    cancelsWhileRunning: true,
    publishedNotice:
      'The dataset is published: its users cannot change it while the job runs, and find the data of the export afterwards.',
    parameters: z.object({
      source: z
        .string({
          error: 'The parameter source is missing; it must be the id or the address of an export.',
        })
        .regex(restoreSource, 'source must be the id or the address of an export.')
        // The id, whichever of the two it is.
        .transform((text) => text.slice(-uuidLength).toLowerCase())
        .describe(
          'The id or the address of a completed export of this dataset, or of another one of the same owner.',
        ),
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

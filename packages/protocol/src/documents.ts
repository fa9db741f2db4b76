import { z } from 'zod';
import { jobTypeNames } from './job-types.ts';
import { jobStatuses } from './statuses.ts';

const dateTime = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/);

/** How clients of 2012 see a job: the word in `jobStatus` for each status. */
export const legacyStatuses = {
  scheduled: 'pending',
  running: 'running',
  completed: 'applied',
  failed: 'failed',
} as const;

/** The words `completed` may be shown as: the definition's, or the one of the reference's example. */
export const successStatuses = ['completed', 'succeeded'] as const;
export type SuccessStatus = (typeof successStatuses)[number];

/** What `GET /data/{short-code}/jobs/{id}` answers. */
export const jobDocument = z.object({
  created: dateTime.describe('When the job was accepted.'),
  startTime: dateTime.describe('When the job is to begin, at the earliest.'),
  endTime: dateTime.nullable().describe('When the job ended; null until then.'),
  status: z.enum([...jobStatuses, 'succeeded']).describe('How the job goes.'),
  jobStatus: z.enum(legacyStatuses).describe('The same for clients of 2012.'),
  jobType: z.enum(jobTypeNames),
  dataset: z.string().describe("The dataset's short code."),
  attempt: z.int().min(0).describe('How often the job was taken up.'),
  message: z.string().nullable().describe('What its owner should know, such as why it failed.'),
});
export type JobDocument = z.infer<typeof jobDocument>;

/** What `GET /dataset/{short-code}/status` answers. */
export const datasetStatusDocument = z.object({
  status: z.enum(['draft', 'published']),
  storageMode: z.enum(['read-write', 'read-only']),
});
export type DatasetStatusDocument = z.infer<typeof datasetStatusDocument>;

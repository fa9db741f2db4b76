/** What the API says of a job type. Its handler is `services/worker/src/handlers/<type>.ts`. */
export interface JobTypeEntry {
  /** One sentence for owners, in the documentation. */
  readonly summary: string;
  /** Whether the dataset is read-only while the job runs. */
  readonly locks: boolean;
}

/**
 * The catalog of job types. Adding one is an entry here and a handler file in the worker, which does
 * not compile until there is one.
 */
export const jobTypes = {
  reset: {
    summary: 'Makes the dataset read-only, deletes all its data, and makes it read-write again.',
    locks: true,
  },
} as const satisfies Record<string, JobTypeEntry>;

export type JobType = keyof typeof jobTypes;

export const jobTypeNames = Object.keys(jobTypes) as [JobType, ...JobType[]];

/** The types whose jobs lock their dataset. */
export const lockingJobTypes: readonly JobType[] = jobTypeNames.filter(
  (type) => jobTypes[type].locks,
);

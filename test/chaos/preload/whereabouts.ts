/** Which dataset a job belongs to, as far as this process has heard. */
export interface Directory {
  learn(jobId: string, dataset: string, datasetId?: number): void;
  datasetOf(jobId: string): string;
  datasetById(datasetId: number): string;
  /** The job that this process cleared the dataset for last; '' when there is none. */
  jobOn(dataset: string): string;
  readonly completed: Set<string>;
}

export function createWhereabouts(): Directory {
  const byJob = new Map<string, string>();
  const byId = new Map<number, string>();
  const jobs = new Map<string, string>();
  return {
    learn(jobId, dataset, datasetId) {
      byJob.set(jobId, dataset);
      if (datasetId === undefined) return;
      byId.set(datasetId, dataset);
      jobs.set(dataset, jobId);
    },
    datasetOf: (jobId) => byJob.get(jobId) ?? '',
    datasetById: (datasetId) => byId.get(datasetId) ?? '',
    jobOn: (dataset) => jobs.get(dataset) ?? '',
    /** Jobs whose completing commit this process has seen. */
    completed: new Set(),
  };
}

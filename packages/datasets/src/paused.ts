/** Whether operators have paused the jobs of a dataset, or all jobs, as SQL; `datasetId` is SQL for its id. */
export const isPaused = (datasetId: string): string => `
  EXISTS (SELECT FROM kasabi.pause p WHERE p.dataset_id IS NULL OR p.dataset_id = ${datasetId})`;

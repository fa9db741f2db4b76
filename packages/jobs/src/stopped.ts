/** Whether operators have paused the jobs of a dataset, as SQL; `datasetId` is SQL for its id. */
export const isPaused = (datasetId: string): string => `
  EXISTS (SELECT FROM kasabi.pause p WHERE p.dataset_id IS NULL OR p.dataset_id = ${datasetId})`;

// Never true, and never read. What matters is the lock that a statement with it takes on the table before it
// takes its snapshot: ROW SHARE, which nothing else has. See `claimsUnderWay`.
const claimsMark = 'EXISTS (SELECT FROM kasabi.pause WHERE false FOR KEY SHARE)';

/**
 * What keeps a job of this dataset from being claimed, as SQL: 'paused' or NULL.
 */
export const stopOf = (datasetId: string): string =>
  `CASE WHEN ${isPaused(datasetId)} OR ${claimsMark} THEN 'paused' END`;

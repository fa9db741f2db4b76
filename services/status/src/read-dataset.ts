import { type Dataset, findDatasets } from '@kasabi/datasets';
import { type NewestExport, newestExports } from '@kasabi/jobs';
import { DatasetNotFound } from '@kasabi/protocol';
import { createBatchedReader } from './sources/batched.ts';
import type { Sources } from './sources/sources.ts';

/**
 * Reads datasets for requests that need no key. Those that arrive while a statement runs share the next one. So however
 * many there are, they cost one or two statements at a time, and none is answered with what was true before it came.
 */
export function createDatasetReader(sources: Sources) {
  const datasets = createBatchedReader<string, Dataset | undefined>(sources, {
    name: 'find-datasets batch',
    run: findDatasets,
    maxConcurrent: 2,
    isCertain: (_code, dataset) => dataset !== undefined,
  });
  const newest = createBatchedReader<number, NewestExport | undefined>(sources, {
    name: 'newest-exports batch',
    run: newestExports,
    maxConcurrent: 2,
    isCertain: () => true,
  });
  return {
    /**
     * The dataset with this short code; there is none for undefined.
     *
     * @throws DatasetNotFound
     */
    async read(code: string | undefined): Promise<Dataset> {
      const dataset = code === undefined ? undefined : (await datasets.read(code)).result;
      if (dataset === undefined) throw new DatasetNotFound(code);
      return dataset;
    },
    /** The newest export of a published dataset that can be downloaded. */
    async newestExport(dataset: Dataset): Promise<NewestExport | undefined> {
      return dataset.status === 'published' ? (await newest.read(dataset.id)).result : undefined;
    },
    /** How many requests wait for the next statement. */
    get waiting() {
      return datasets.waiting + newest.waiting;
    },
  };
}

export type DatasetReader = ReturnType<typeof createDatasetReader>;

import { type Dataset, findDatasets } from '@kasabi/datasets';
import { createBatcher } from '@kasabi/postgres';
import { DatasetNotFound } from '@kasabi/protocol';
import type pg from 'pg';

/**
 * Reads datasets for requests that need no key. Those that arrive while a statement runs share the next one. So however
 * many there are, they cost one or two statements at a time, and none is answered with what was true before it came.
 */
export function createDatasetReader(pool: pg.Pool) {
  const datasets = createBatcher<string, Dataset | undefined>({
    name: 'find-datasets batch',
    run: (codes) => findDatasets(pool, codes),
    maxSize: 500,
    maxConcurrent: 2,
  });
  return {
    /**
     * The dataset with this short code; there is none for undefined.
     *
     * @throws DatasetNotFound
     */
    async read(code: string | undefined): Promise<Dataset> {
      const dataset = code === undefined ? undefined : await datasets.add(code);
      if (dataset === undefined) throw new DatasetNotFound(code);
      return dataset;
    },
    /** How many requests wait for the next statement. */
    get waiting() {
      return datasets.waiting;
    },
  };
}

export type DatasetReader = ReturnType<typeof createDatasetReader>;

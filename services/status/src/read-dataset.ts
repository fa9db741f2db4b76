import { type Dataset, findDatasets } from '@kasabi/datasets';
import { createBatcher } from '@kasabi/postgres';
import { DatasetNotFound } from '@kasabi/protocol';
import type pg from 'pg';

export interface DatasetReader {
  /**
   * The dataset with this short code; there is none for undefined.
   *
   * @throws DatasetNotFound
   */
  read(code: string | undefined): Promise<Dataset>;
  /** How many requests wait for the next statement. */
  readonly waiting: number;
}

/**
 * Reads datasets for requests that need no key. Those that arrive while a statement runs share the next one. So however
 * many there are, they cost one or two statements at a time, and none is answered with what was true before it came.
 */
export function createDatasetReader(pool: pg.Pool): DatasetReader {
  const datasets = createBatcher<string, Dataset | undefined>({
    name: 'find-datasets batch',
    run: (codes) => findDatasets(pool, codes),
    maxSize: 500,
    maxConcurrent: 2,
  });
  return {
    async read(code) {
      const dataset = code === undefined ? undefined : await datasets.add(code);
      if (dataset === undefined) throw new DatasetNotFound(code);
      return dataset;
    },
    get waiting() {
      return datasets.waiting;
    },
  };
}

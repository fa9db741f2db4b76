import { type Dataset, findDatasets } from '@kasabi/datasets';
import { noSuchDataset } from '@kasabi/http';
import { createBatcher } from '@kasabi/postgres';
import type pg from 'pg';

export interface DatasetReader {
  /**
   * The dataset with this short code; '' is none.
   *
   * @throws NotFound
   */
  read(code: string): Promise<Dataset>;
  /** How many requests wait for a statement. */
  readonly waiting: number;
}

/**
 * Reads datasets for requests that need no key. Those that come while a statement is under way share the
 * next: however many ask, they cost a statement or two at a time, and none is told what was so before.
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
      const dataset = code === '' ? undefined : await datasets.add(code);
      if (dataset === undefined) throw noSuchDataset(code);
      return dataset;
    },
    get waiting() {
      return datasets.waiting;
    },
  };
}

import { type Handlers, isAbout, readShortCode } from '@kasabi/http';
import type { DatasetStatusDocument } from '@kasabi/protocol';
import type { DatasetReader } from './read-dataset.ts';

/**
 * The handler for the status of a dataset. It needs no key: anybody who uses a dataset may know whether it can be
 * written now, and whether its jobs are paused.
 */
export function datasetHandlers(options: {
  readonly datasets: DatasetReader;
}): Pick<Handlers<'datasets'>, 'getDatasetStatus'> {
  return {
    async getDatasetStatus(request, response) {
      const dataset = await options.datasets.read(readShortCode(request.params.code));
      isAbout(request, dataset.code);
      const document: DatasetStatusDocument = {
        status: dataset.status,
        storageMode: dataset.storageMode,
        jobs: dataset.jobsPaused ? 'paused' : 'running',
      };
      response.set('Cache-Control', 'no-store').json(document);
    },
  };
}

import { isAbout, methodNotAllowed, shortCodeOf } from '@kasabi/http';
import type { DatasetStatusDocument } from '@kasabi/protocol';
import type { Express } from 'express';
import type { DatasetReader } from './read-dataset.ts';

/**
 * Adds `GET /dataset/{short-code}/status`. It needs no key: whoever uses a dataset may know whether it
 * can be written just now, and whether its jobs are paused.
 */
export function addDatasetRoutes(
  app: Express,
  options: { readonly datasets: DatasetReader },
): void {
  app
    .route('/dataset/:code/status')
    .get(async (request, response) => {
      const dataset = await options.datasets.read(shortCodeOf(request.params.code));
      isAbout(request, dataset.code);
      const document: DatasetStatusDocument = {
        status: dataset.status,
        storageMode: dataset.storageMode,
        jobs: dataset.jobsPaused ? 'paused' : 'running',
      };
      response.set('Cache-Control', 'no-store').json(document);
    })
    .all(methodNotAllowed('GET', 'HEAD'));
}

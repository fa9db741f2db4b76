import { findDataset } from '@kasabi/datasets';
import type { DatasetStatusDocument } from '@kasabi/protocol';
import { methodNotAllowed, noSuchDataset, shortCodeOf } from '@kasabi/service-kit';
import type { Express } from 'express';
import type pg from 'pg';

/**
 * Adds `GET /dataset/{short-code}/status`. It needs no key: whoever uses a dataset may know whether it
 * can be written just now.
 */
export function addDatasetRoutes(app: Express, options: { readonly pool: pg.Pool }): void {
  app
    .route('/dataset/:code/status')
    .get(async (request, response) => {
      const code = shortCodeOf(request.params.code);
      const dataset = await findDataset(options.pool, code);
      if (dataset === undefined) throw noSuchDataset(code);
      const document: DatasetStatusDocument = {
        status: dataset.status,
        storageMode: dataset.storageMode,
      };
      response.set('Cache-Control', 'no-store').json(document);
    })
    .all(methodNotAllowed('GET', 'HEAD'));
}

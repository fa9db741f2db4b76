import { digestKey } from '@kasabi/accounts';
import { findJob } from '@kasabi/jobs';
import { NotFound, type SuccessStatus, Unauthorized } from '@kasabi/protocol';
import {
  apiKeyOf,
  methodNotAllowed,
  noSuchDataset,
  readParameters,
  shortCodeOf,
} from '@kasabi/service-kit';
import type { Express } from 'express';
import type pg from 'pg';
import { jobDocumentOf } from './documents.ts';

const jobParameters: ReadonlySet<string> = new Set(['apikey']);
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** No record has it: it stands for an id that cannot be one, so that its key is checked all the same. */
const noJobId = '00000000-0000-0000-0000-000000000000';

export interface JobRoutesOptions {
  readonly pool: pg.Pool;
  readonly successStatus: SuccessStatus;
}

/** Adds `GET /data/{short-code}/jobs/{id}`. */
export function addJobRoutes(app: Express, options: JobRoutesOptions): void {
  app
    .route('/data/:code/jobs/:id')
    .get(async (request, response) => {
      const code = shortCodeOf(request.params.code);
      const { parameters, problem } = readParameters(request, jobParameters);
      const found = await findJob(options.pool, {
        keyDigest: digestKey(apiKeyOf(request, parameters)),
        datasetCode: code,
        jobId: uuid.test(request.params.id) ? request.params.id : noJobId,
      });
      if (found.outcome === 'refused') throw new Unauthorized();
      if (problem !== undefined) throw problem;
      switch (found.outcome) {
        case 'found':
          response.set('Cache-Control', 'no-store');
          response.json(jobDocumentOf(found.job, options.successStatus));
          return;
        case 'dataset-unknown':
          throw noSuchDataset(code);
        case 'job-unknown':
          throw new NotFound(`The dataset ${code} has no such job.`);
      }
    })
    .all(methodNotAllowed('GET', 'HEAD'));
}

import { authorize, digestKey } from '@kasabi/accounts';
import {
  InvalidParameter,
  jobRequestParameters,
  parseJobRequest,
  Unauthorized,
} from '@kasabi/protocol';
import {
  apiKeyOf,
  methodNotAllowed,
  noSuchDataset,
  readBody,
  readParameters,
  shortCodeOf,
} from '@kasabi/service-kit';
import type { Express } from 'express';
import type pg from 'pg';
import type { Acceptor } from './accept.ts';

export interface JobRoutesOptions {
  readonly pool: pg.Pool;
  readonly acceptor: Acceptor;
  readonly statusUrl: string;
  readonly maxScheduleDays: number;
}

/** Adds `POST /dataset/{short-code}/jobs`. */
export function addJobRoutes(app: Express, options: JobRoutesOptions): void {
  const { pool, acceptor } = options;

  /**
   * Throws what an invalid request is answered. Its key is checked first, in a statement that valid
   * requests never need: who has no good key learns nothing about the request either.
   */
  async function refuse(keyDigest: Buffer, code: string, problem: unknown): Promise<never> {
    const verdict = await authorize(pool, keyDigest, code);
    if (verdict === 'refused') throw new Unauthorized();
    if (verdict === 'dataset-unknown') throw noSuchDataset(code);
    throw problem;
  }

  app
    .route('/dataset/:code/jobs')
    .post(readBody, async (request, response) => {
      const code = shortCodeOf(request.params.code);
      const { parameters, problem } = readParameters(request, jobRequestParameters);
      const keyDigest = digestKey(apiKeyOf(request, parameters));
      if (problem !== undefined) return await refuse(keyDigest, code, problem);
      const job = parseJobRequest(parameters);
      if (!job.ok) return await refuse(keyDigest, code, job.problem);

      const accepted = await acceptor.accept({ keyDigest, datasetCode: code, ...job.request });
      switch (accepted.outcome) {
        case 'accepted': {
          const location = `${options.statusUrl}/data/${code}/jobs/${accepted.job.id}`;
          response.status(202).set({ Location: location, 'Cache-Control': 'no-store' });
          response.type('text/plain').send(location);
          return;
        }
        case 'refused':
          throw new Unauthorized();
        case 'dataset-unknown':
          throw noSuchDataset(code);
        case 'too-far-ahead':
          throw new InvalidParameter(
            'startTime',
            `startTime lies too far ahead: at most ${options.maxScheduleDays} days from now are possible.`,
          );
      }
    })
    .all(methodNotAllowed('POST'));
}

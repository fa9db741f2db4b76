import { digestKey } from '@kasabi/accounts';
import {
  apiKeyOf,
  type Handlers,
  isAbout,
  jobIdOf,
  logWith,
  noSuchDataset,
  readParameters,
  shortCodeOf,
} from '@kasabi/http';
import { cancel } from '@kasabi/jobs';
import { NotFound, NotScheduled, Unauthorized } from '@kasabi/protocol';
import type pg from 'pg';
import type { AfterCommit } from './after-commit.ts';
import type { KnownKeys } from './known-keys.ts';
import type { ApiMetrics } from './metrics.ts';

const parameterNames: ReadonlySet<string> = new Set(['apikey']);

export interface CancelHandlersOptions {
  readonly pool: pg.Pool;
  readonly metrics: ApiMetrics;
  readonly afterCommit: AfterCommit;
  readonly knownKeys: KnownKeys;
}

/** What cancels a scheduled job. */
export function cancelHandlers(
  options: CancelHandlersOptions,
): Pick<Handlers<'api'>, 'cancelJobAtApi'> {
  const { pool, metrics, afterCommit } = options;
  return {
    async cancelJobAtApi(request, response) {
      const code = shortCodeOf(request.params.code);
      const { parameters, problem } = readParameters(request, parameterNames);
      const keyDigest = digestKey(apiKeyOf(request, parameters));
      // A request that is not valid cancels nothing, but its key is checked first.
      const jobId = jobIdOf(problem === undefined ? request.params.id : '');
      const cancelled = await cancel(pool, { keyDigest, datasetCode: code, jobId });
      if (cancelled.outcome === 'refused') throw new Unauthorized();
      options.knownKeys.add(keyDigest);
      const { outcome } = cancelled;
      if (outcome === 'job-unknown') isAbout(request, code);
      else if (outcome !== 'dataset-unknown') isAbout(request, code, jobId);
      if (problem !== undefined) throw problem;
      switch (cancelled.outcome) {
        case 'cancelled':
          afterCommit('metrics', () => metrics.cancelled());
          logWith(response, { outcome: 'cancelled', jobId, dataset: code });
          response.set('Cache-Control', 'no-store').type('text/plain');
          response.send('The job is cancelled; it will not run.\n');
          return;
        case 'dataset-unknown':
          throw noSuchDataset(code);
        case 'job-unknown':
          throw new NotFound(`The dataset ${code} has no such job.`);
        case 'not-scheduled':
          throw new NotScheduled(cancelled.status);
      }
    },
  };
}

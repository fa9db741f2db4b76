import { digestKey } from '@kasabi/accounts';
import {
  type Handlers,
  isAbout,
  keyAlone,
  keyDigestOf,
  logWith,
  readJobId,
  readParameters,
  readShortCode,
} from '@kasabi/http';
import { cancel } from '@kasabi/jobs';
import { NotScheduled, refusalOf } from '@kasabi/protocol';
import type pg from 'pg';
import type { AfterCommit } from './after-commit.ts';
import type { KeyFirst } from './key-first.ts';
import type { KnownKeys } from './known-keys.ts';
import type { ApiMetrics } from './metrics.ts';

export interface CancelHandlersOptions {
  readonly pool: pg.Pool;
  readonly keyFirst: KeyFirst;
  readonly metrics: ApiMetrics;
  readonly afterCommit: AfterCommit;
  readonly knownKeys: KnownKeys;
}

/** What cancels a job. */
export function cancelHandlers(
  options: CancelHandlersOptions,
): Pick<Handlers<'api'>, 'cancelJobAtApi'> {
  const { pool, keyFirst, metrics, afterCommit } = options;
  return {
    async cancelJobAtApi(request, response) {
      const datasetCode = readShortCode(request.params.code);
      const access = { keyDigest: keyDigestOf(request, digestKey), datasetCode };
      await keyFirst(request, access, 'request', () => readParameters(request).all(keyAlone));
      const jobId = readJobId(request.params.id);
      const cancelled = await cancel(pool, { ...access, jobId });
      const { outcome } = cancelled;
      if (outcome !== 'refused') options.knownKeys.add(access.keyDigest);
      if (outcome === 'job-unknown') isAbout(request, datasetCode);
      else if (outcome === 'cancelled' || outcome === 'not-scheduled') {
        isAbout(request, datasetCode, jobId);
      }
      switch (outcome) {
        case 'cancelled':
          afterCommit('metrics', () => metrics.cancelled());
          logWith(response, { outcome, jobId, dataset: datasetCode });
          response.set('Cache-Control', 'no-store').type('text/plain');
          response.send(
            cancelled.status === 'running'
              ? 'The job is cancelled; what it was doing is stopped and leaves nothing.\n'
              : 'The job is cancelled; it will not run.\n',
          );
          return;
        case 'refused':
        case 'dataset-unknown':
        case 'job-unknown':
          throw refusalOf(outcome, datasetCode);
        case 'not-scheduled':
          throw new NotScheduled(cancelled.type, cancelled.status);
      }
    },
  };
}

import { jobIdOf, methodNotAllowed, readAddress, shortCodeOf } from '@kasabi/http';
import {
  acknowledgeFinding,
  cancelAsOperator,
  releaseAbandonedLock,
  retryAsOperator,
  runBulk,
  unacknowledgeFinding,
} from '@kasabi/operations';
import type { Logger } from '@kasabi/runtime';
import type { Express, Request, Response } from 'express';
import type pg from 'pg';
import type { ApiMetrics } from './metrics.ts';
import { requireOperator } from './operator-auth.ts';
import { bulkOf } from './operator-bulk.ts';
import { acknowledgementOf, findingOf } from './operator-findings.ts';
import { addPauseRoutes } from './operator-pauses.ts';

/** A bulk action ends after so many milliseconds, and says what is left: whoever asked waits no longer. */
const bulkMs = 10_000;

export interface OperatorRoutesOptions {
  readonly pool: pg.Pool;
  readonly password: string;
  readonly log: Logger;
  readonly metrics: ApiMetrics;
}

/**
 * What operators may do, beside pausing jobs: `POST /ops/jobs/{id}/cancel`, `POST /ops/jobs/{id}/retry`,
 * `POST /ops/datasets/{short-code}/unlock`, `POST /ops/bulk/cancel` or `/retry` for all that a filter finds, and
 * `POST /ops/findings/{code}/acknowledge` or `/unacknowledge`. The operations page sends them, from the status service. Each
 * answers with the action's outcome as JSON: 200 when it is done, 404 when there is no such job or
 * dataset, 409 when it is in another state; and each leaves an audit record.
 */
export function addOperatorRoutes(app: Express, options: OperatorRoutesOptions): void {
  const { pool, log } = options;
  app.use('/ops', requireOperator(options.password));

  async function act(
    request: Request,
    response: Response,
    subject: object,
    action: (operatorAddress: string) => Promise<{ readonly outcome: string }>,
  ): Promise<void> {
    const operatorAddress = addressOf(request);
    const result = await action(operatorAddress);
    const requestId = response.getHeader('X-Request-Id');
    // Who an action is about is logged when it is there: a key may stand in its place.
    const about = result.outcome.endsWith('-unknown') ? {} : subject;
    log.info({ ...about, operatorAddress, requestId, ...result }, 'operator action');
    response.status(statusOf(result.outcome)).set('Cache-Control', 'no-store').json(result);
  }

  app
    .route('/ops/jobs/:id/cancel')
    .post(async (request, response) => {
      const jobId = jobIdOf(request.params.id);
      await act(request, response, { action: 'cancel', jobId }, async (operatorAddress) => {
        const result = await cancelAsOperator(pool, { jobId, operatorAddress });
        if (result.outcome === 'done') options.metrics.cancelled('operator');
        return result;
      });
    })
    .all(methodNotAllowed('POST'));

  app
    .route('/ops/jobs/:id/retry')
    .post(async (request, response) => {
      const jobId = jobIdOf(request.params.id);
      await act(request, response, { action: 'retry', repeats: jobId }, (operatorAddress) =>
        retryAsOperator(pool, { jobId, operatorAddress }),
      );
    })
    .all(methodNotAllowed('POST'));

  app
    .route('/ops/datasets/:code/unlock')
    .post(async (request, response) => {
      const dataset = shortCodeOf(request.params.code);
      await act(request, response, { action: 'unlock', dataset }, (operatorAddress) =>
        releaseAbandonedLock(pool, { dataset, operatorAddress }),
      );
    })
    .all(methodNotAllowed('POST'));

  app
    .route('/ops/bulk/:verb')
    .post(async (request, response) => {
      const asked = bulkOf(request);
      const signal = AbortSignal.timeout(bulkMs);
      await act(request, response, { action: `${asked.verb}-all` }, (operatorAddress) =>
        runBulk(pool, { ...asked, operatorAddress, signal }),
      );
    })
    .all(methodNotAllowed('POST'));

  app
    .route('/ops/findings/:code/acknowledge')
    .post(async (request, response) => {
      const asked = acknowledgementOf(request);
      await act(request, response, { action: 'acknowledge', ...asked }, async (operatorAddress) => {
        await acknowledgeFinding(pool, { ...asked, operatorAddress });
        return { outcome: 'done' };
      });
    })
    .all(methodNotAllowed('POST'));

  app
    .route('/ops/findings/:code/unacknowledge')
    .post(async (request, response) => {
      const { code, subject } = findingOf(request);
      const about = { action: 'unacknowledge', code, subject };
      await act(request, response, about, async (operatorAddress) => {
        const done = await unacknowledgeFinding(pool, { code, subject, operatorAddress });
        return { outcome: done ? 'done' : 'not-acknowledged' };
      });
    })
    .all(methodNotAllowed('POST'));

  addPauseRoutes(app, pool, act);
}

function statusOf(outcome: string): number {
  if (outcome === 'done') return 200;
  return outcome.endsWith('-unknown') ? 404 : 409;
}

/** Where the operator is. Who knows the password may say it for another: the status service does. */
function addressOf(request: Request): string {
  const told = request.headersDistinct['x-operator-address']?.[0] ?? '';
  return readAddress(told) ?? request.address;
}

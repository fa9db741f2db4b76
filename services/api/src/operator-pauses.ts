import { methodNotAllowed, queryOf, shortCodeOf } from '@kasabi/http';
import { pauseAsOperator, resumeAsOperator } from '@kasabi/operations';
import { InvalidParameter } from '@kasabi/protocol';
import type { Express, Request, Response } from 'express';
import type pg from 'pg';

/** Does an operator's action and answers with its outcome. */
export type Act = (
  request: Request,
  response: Response,
  subject: object,
  action: (operatorAddress: string) => Promise<{ readonly outcome: string }>,
) => Promise<void>;

/**
 * Adds `POST /ops/pause` and `/ops/resume`, for all jobs, and `POST /ops/datasets/{short-code}/pause` and
 * `/resume`. The parameter `reason` of a pause is for other operators.
 */
export function addPauseRoutes(app: Express, pool: pg.Pool, act: Act): void {
  const datasetOf = (request: Request): string | undefined => {
    const code = request.params['code'];
    return typeof code === 'string' ? shortCodeOf(code) : undefined;
  };
  for (const base of ['/ops', '/ops/datasets/:code']) {
    app
      .route(`${base}/pause`)
      .post(async (request, response) => {
        const dataset = datasetOf(request);
        const reason = reasonOf(request);
        await act(request, response, { action: 'pause', dataset, reason }, (operatorAddress) =>
          pauseAsOperator(pool, { dataset, reason, operatorAddress }),
        );
      })
      .all(methodNotAllowed('POST'));
    app
      .route(`${base}/resume`)
      .post(async (request, response) => {
        const dataset = datasetOf(request);
        await act(request, response, { action: 'resume', dataset }, (operatorAddress) =>
          resumeAsOperator(pool, { dataset, operatorAddress }),
        );
      })
      .all(methodNotAllowed('POST'));
  }
}

/** @throws InvalidParameter */
function reasonOf(request: Request): string | undefined {
  const reason = new URLSearchParams(queryOf(request)).get('reason')?.trim() ?? '';
  // Postgres takes no NUL in a text.
  if (reason.length > 500 || reason.includes('\0')) {
    throw new InvalidParameter('reason', 'reason must have at most 500 characters.');
  }
  return reason === '' ? undefined : reason;
}

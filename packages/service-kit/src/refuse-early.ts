import type { ApiError } from '@kasabi/protocol';
import type { Request, RequestHandler, Response } from 'express';
import { type HttpMetrics, methodOf } from './http-metrics.ts';
import { sendError } from './negotiation.ts';
import type { RequestLog } from './request-log.ts';

/** What refuses a request of which no more than its line and headers need to be known; undefined for any other. */
export type EarlyRefusal = (request: Request, response: Response) => ApiError | undefined;

export interface EarlyRefusalOptions {
  readonly refusal: EarlyRefusal;
  readonly requestLog: RequestLog;
  /** Headers of every answer. */
  readonly headers: readonly (readonly [string, string])[];
  readonly metrics: HttpMetrics | undefined;
}

/**
 * Makes the middleware that refuses requests ahead of all others: a client that is over its limit and sends
 * thousands of requests a second takes the time that they cost from everybody else. Each is logged, counted
 * and answered as it would be further on, and is no span of a trace.
 */
export function refuseEarly(options: EarlyRefusalOptions): RequestHandler {
  const { refusal, requestLog, headers, metrics } = options;
  return (request, response, next) => {
    const began = performance.now();
    const error = refusal(request, response);
    if (error === undefined) {
      next();
      return;
    }
    requestLog.identify(request, response);
    for (const [name, value] of headers) response.setHeader(name, value);
    sendError(request, response, error);
    requestLog.answered(request, response);
    const ms = performance.now() - began;
    metrics?.count({ method: methodOf(request), route: 'none', code: error.status, ms });
  };
}

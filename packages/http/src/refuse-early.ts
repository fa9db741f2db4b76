import type { IncomingMessage } from 'node:http';
import type { ApiError } from '@kasabi/protocol';
import type { EarlyAnswer } from './early-answer.ts';
import { type HttpMetrics, methodOf } from './http-metrics.ts';
import { errorAnswer } from './negotiation.ts';
import type { RequestLog } from './request-log.ts';

/** Refuses a request by its request line and headers alone; returns undefined if it does not. */
export type EarlyRefusal = (request: IncomingMessage) => ApiError | undefined;

export interface EarlyRefusalOptions {
  readonly refusal: EarlyRefusal;
  /** Sets the address that a request comes from. */
  readonly noteAddress: (request: IncomingMessage) => void;
  readonly requestLog: RequestLog;
  /** The headers of every answer: names and values in turn. */
  readonly headers: readonly string[];
  readonly metrics: HttpMetrics | undefined;
}

/**
 * Creates the early answer to requests that are refused: a client that is over its limit and sends thousands of requests
 * a second takes the time that they cost from all others. Each is logged, counted and answered as the app would, but has
 * no span in a trace.
 */
export function refuseEarly(options: EarlyRefusalOptions): EarlyAnswer {
  const { refusal, noteAddress, requestLog, metrics } = options;
  return (request, response) => {
    noteAddress(request);
    const error = refusal(request);
    if (error === undefined) return false;
    const began = performance.now();
    requestLog.identify(request);
    const { headers, body } = errorAnswer(request, error);
    response.writeHead(error.status, [
      ...options.headers,
      ...['X-Request-Id', request.id, 'Vary', 'Accept'],
      ...Object.entries(headers).flat(),
    ]);
    response.end(body);
    requestLog.answered(request, response);
    const ms = performance.now() - began;
    metrics?.count({ method: methodOf(request), route: 'none', code: error.status, ms });
    return true;
  };
}

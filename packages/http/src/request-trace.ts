import { startRequestSpan } from '@kasabi/tracing';
import type { RequestHandler } from 'express';
import { methodOf, routeOf, statusOf } from './http-metrics.ts';
import { isProbe } from './probes.ts';

/**
 * Creates a span for every request, if requests are traced: with its method, route and status, and nothing else that the
 * client sent, because that may contain a key.
 */
export const traceRequests: RequestHandler = (request, response, next) => {
  const span = isProbe(request) ? undefined : startRequestSpan(request.method, request.headers);
  if (span === undefined) {
    next();
    return;
  }
  response.once('close', () => {
    const [method, route, status] = [methodOf(request), routeOf(request), statusOf(response)];
    span.end({ method, route, status });
  });
  span.run(next);
};

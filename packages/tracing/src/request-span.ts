import type { IncomingHttpHeaders } from 'node:http';
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { isTracing, quietly } from './spans.ts';

/** The span of a request, from its arrival to the end of its answer. */
export interface RequestSpan {
  /** Runs the handler of the request as part of the span. */
  run<T>(work: () => T): T;
  end(answer: { readonly method: string; readonly route: string; readonly status: number }): void;
}

/**
 * Begins the span of a request, as part of the trace that its headers name or as the root of a new one.
 * Returns undefined when tracing is off.
 *
 * Hand-written because the instrumentation of node:http records the query string, which may hold API keys.
 */
export function startRequestSpan(
  method: string,
  headers: IncomingHttpHeaders,
): RequestSpan | undefined {
  if (!isTracing()) return undefined;
  // Nothing else from the client: a tracestate would be exported unchanged.
  const parent = propagation.extract(ROOT_CONTEXT, { traceparent: headers['traceparent'] });
  const span = trace.getTracer('kasabi').startSpan(method, { kind: SpanKind.SERVER }, parent);
  const within = trace.setSpan(parent, span);
  return {
    run: (work) => context.with(within, work),
    end: ({ method: known, route, status }) =>
      quietly(() => {
        span.updateName(`${known} ${route}`);
        span.setAttributes({
          'http.request.method': known,
          'http.route': route,
          'http.response.status_code': status,
        });
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      }),
  };
}

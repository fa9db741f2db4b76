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
  /** Runs what handles the request as part of the span. */
  run<T>(work: () => T): T;
  end(answer: { readonly method: string; readonly route: string; readonly status: number }): void;
}

/**
 * Begins the span of a request, as part of the trace that its headers name or as the root of a new one;
 * undefined when nothing is traced.
 *
 * By hand, because the instrumentation of node:http records the query string, in which API keys come.
 */
export function startRequestSpan(
  method: string,
  headers: IncomingHttpHeaders,
): RequestSpan | undefined {
  if (!isTracing()) return undefined;
  // Nothing else of what came: a tracestate would be exported as it is.
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

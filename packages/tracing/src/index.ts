export { type RequestSpan, startRequestSpan } from './request-span.ts';
export {
  beginSpan,
  headersOf,
  inBatch,
  inSpan,
  inThisTrace,
  type OpenSpan,
  type SpanOptions,
  type Traceparent,
  traceIdNow,
  traceNow,
} from './spans.ts';
export { startTracing, type Tracing, type TracingOptions } from './start.ts';

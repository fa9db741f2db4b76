import {
  type Attributes,
  type Context,
  context,
  diag,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

/** A trace in text form, as a W3C `traceparent`: it is stored in records and queues. */
export type Traceparent = string;

let tracing = false;

const tracer = () => trace.getTracer('kasabi');

/** Whether tracing is on. */
export const isTracing = (): boolean => tracing;

/** Turns tracing on; until then every function here only calls the work it is given. */
export function enableSpans(): void {
  tracing = true;
}

export interface SpanOptions {
  readonly attributes?: Attributes;
  /** The parent of the span; the current trace unless set. */
  readonly parent?: Traceparent | null | undefined;
  readonly kind?: 'internal' | 'producer';
}

/** A span that has begun. */
export interface OpenSpan {
  /** The trace to pass on; undefined when tracing is off. */
  readonly traceparent: Traceparent | undefined;
  set(attributes: Attributes): void;
  /** @param error the error of the work, if it failed. */
  end(error?: unknown): void;
  /** Runs work as part of the span. */
  run<T>(work: () => T): T;
}

const noSpan: OpenSpan = {
  traceparent: undefined,
  set: () => undefined,
  end: () => undefined,
  run: (work) => work(),
};

/** Begins a span, which the caller has to end. */
export function beginSpan(name: string, options: SpanOptions = {}): OpenSpan {
  if (!tracing) return noSpan;
  const { kind, attributes = {}, parent } = options;
  const within = parent === undefined ? context.active() : contextOf(parent);
  const spanKind = kind === 'producer' ? SpanKind.PRODUCER : SpanKind.INTERNAL;
  return openSpan(tracer().startSpan(name, { kind: spanKind, attributes }, within), within);
}

function openSpan(span: Span, within: Context): OpenSpan {
  const inside = trace.setSpan(within, span);
  return {
    traceparent: traceparentOf(inside),
    set: (attributes) => quietly(() => span.setAttributes(attributes)),
    end: (error) =>
      quietly(() => {
        if (error !== undefined) markFailed(span, error);
        span.end();
      }),
    run: (work) => context.with(inside, work),
  };
}

/** Spans are recorded after the work, which may be committed: a failure here must not fail the work. */
export function quietly(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    diag.error('a span failed', error);
  }
}

/** Runs `work` in a new span, which ends with it. */
export async function inSpan<T>(
  name: string,
  options: SpanOptions,
  work: (span: OpenSpan) => Promise<T>,
): Promise<T> {
  return await ending(beginSpan(name, options), work);
}

async function ending<T>(span: OpenSpan, work: (span: OpenSpan) => Promise<T>): Promise<T> {
  let failure: unknown;
  try {
    return await span.run(() => work(span));
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    span.end(failure);
  }
}

/** Runs `work` as part of this trace, or outside any; without a span of its own. */
function inTrace<T>(parent: Traceparent | null | undefined, work: () => T): T {
  return tracing ? context.with(contextOf(parent), work) : work();
}

/**
 * Runs work that is done for several traces at once. Done for one, it is part of that one; done for more,
 * it is a trace of its own that links to each, since a span has one parent.
 */
export async function inBatch<T>(
  name: string,
  traces: readonly (Traceparent | null | undefined)[],
  work: () => Promise<T>,
): Promise<T> {
  if (!tracing) return await work();
  const known = traces.flatMap((parent) => {
    const spanContext = trace.getSpanContext(contextOf(parent));
    return spanContext === undefined ? [] : [{ context: spanContext }];
  });
  if (traces.length === 1 || known.length === 0) return await inTrace(traces[0], work);
  const span = tracer().startSpan(name, { links: known }, ROOT_CONTEXT);
  return await ending(openSpan(span, ROOT_CONTEXT), work);
}

/**
 * Binds a function to the current trace, whoever calls it: for listeners on sockets and streams, whose
 * events come from outside.
 */
export function inThisTrace<Arguments extends unknown[]>(
  listener: (...given: Arguments) => void,
): (...given: Arguments) => void {
  return tracing ? context.bind(context.active(), listener) : listener;
}

/** The current trace, in the form in which it is passed on. */
export function traceNow(): Traceparent | undefined {
  return tracing ? traceparentOf(context.active()) : undefined;
}

/** The id of the current trace, for the log. */
export function traceIdNow(): string | undefined {
  if (!tracing) return undefined;
  const spanContext = trace.getSpanContext(context.active());
  return spanContext && isSpanContextValid(spanContext) ? spanContext.traceId : undefined;
}

/** The headers that pass the current trace on to another service. */
export function headersOf(): Record<string, string> {
  const headers: Record<string, string> = {};
  if (tracing) propagation.inject(context.active(), headers);
  return headers;
}

/** Marks a span as failed, with the name of the error: messages may quote what clients sent. */
function markFailed(span: Span, error: unknown): void {
  const { name, code } = error as NodeJS.ErrnoException;
  span.setAttributes({ 'error.type': String(code ?? name ?? typeof error) });
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function contextOf(traceparent: Traceparent | null | undefined): Context {
  return traceparent == null ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent });
}

function traceparentOf(within: Context): Traceparent | undefined {
  const carrier: { traceparent?: string } = {};
  propagation.inject(within, carrier);
  return carrier.traceparent;
}

import { createRequire } from 'node:module';
import type { Telemetry } from 'bullmq';
import { enableSpans } from './spans.ts';

export interface TracingOptions {
  /** The URL of an OTLP/HTTP collector, without the path `/v1/traces`; tracing is off without it. */
  readonly endpoint: string | undefined;
  /** The name of the service in its spans. */
  readonly service: string;
  /** The share of requests that are traced, from 0 to 1. */
  readonly ratio: number;
  /** Called when spans could not be exported. */
  readonly onError: (error: Error) => void;
}

export interface Tracing {
  /** For BullMQ's queues and workers; undefined when tracing is off. */
  readonly telemetry: Telemetry | undefined;
  /** Exports the remaining spans, if that does not take long. */
  stop(): Promise<void>;
}

/** The longest an export may take, in milliseconds, including the last one when the process stops. */
const exportTimeoutMs = 2_000;

/** Longer values, such as the text of a statement, are truncated. */
const longestAttribute = 1_000;

/**
 * Starts tracing, if there is a collector. The libraries are loaded here and only then: a service without
 * tracing pays neither their memory nor their time.
 *
 * The instrumentation of pg patches pg's classes when the module is required, so it is required once more
 * here; that needs no loader hook and also covers modules that were imported before.
 */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const { endpoint, service, ratio, onError } = options;
  if (endpoint === undefined) return { telemetry: undefined, stop: async () => undefined };
  const [api, core, sdk, exporters, resources, pg, { BullMQOtel }, { createSampler }] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/core'),
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/instrumentation-pg'),
      import('bullmq-otel'),
      import('./sampler.ts'),
    ]);
  const tell = (...words: readonly unknown[]): void =>
    onError(new Error(words.map(String).join(' ')));
  const ignore = (): void => undefined;
  const logger = { error: tell, warn: ignore, info: ignore, debug: ignore, verbose: ignore };
  api.diag.setLogger(logger, api.DiagLogLevel.ERROR);
  const exporter = new exporters.OTLPTraceExporter({
    url: `${endpoint}/v1/traces`,
    timeoutMillis: exportTimeoutMs,
  });
  const provider = new sdk.NodeTracerProvider({
    resource: resources.resourceFromAttributes({ 'service.name': service }),
    sampler: createSampler(ratio),
    spanLimits: { attributeValueLengthLimit: longestAttribute },
    spanProcessors: [
      new sdk.BatchSpanProcessor(exporter, { exportTimeoutMillis: exportTimeoutMs }),
    ],
  });
  // Trace ids only: baggage would carry whatever a client puts there from service to service.
  provider.register({ propagator: new core.W3CTraceContextPropagator() });
  new pg.PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true });
  const require = createRequire(import.meta.url);
  require('pg');
  createRequire(require.resolve('pg'))('pg-pool');
  enableSpans();
  return {
    telemetry: new BullMQOtel({ tracerName: 'bullmq' }),
    async stop() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, exportTimeoutMs);
      });
      await Promise.race([provider.shutdown().catch(ignore), late]);
      clearTimeout(timer);
    },
  };
}

import {
  connectionLimits,
  createApp,
  listen,
  listenForMetrics,
  methodNotAllowed,
} from '@kasabi/http';
import { createPool, createProbe, isTransient } from '@kasabi/postgres';
import { createLogger, measurePools, runService, throttledWarning } from '@kasabi/runtime';
import { startTracing } from '@kasabi/tracing';
import { readSettings } from './env.ts';
import { createOperationsMetrics } from './metrics.ts';
import { startPages } from './pages/start.ts';
import { createSampler } from './sampler.ts';

await runService(async () => {
  // biome-ignore lint/style/noProcessEnv: the one place where this service reads its environment.
  const settings = readSettings(process.env);
  const log = createLogger({ service: 'operations', level: settings.LOG_LEVEL });

  const tracing = await startTracing({
    endpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
    service: 'kasabi-operations',
    ratio: settings.OTEL_TRACES_SAMPLER_ARG,
    onError: throttledWarning(log, 'tracing trouble'),
  });
  const pool = createPool({
    url: settings.DATABASE_URL,
    applicationName: 'kasabi-operations',
    max: settings.DATABASE_POOL_SIZE,
    statementTimeoutMs: settings.STATEMENT_TIMEOUT_MS,
    onIdleError: throttledWarning(log, 'connection trouble'),
  });
  const metrics = createOperationsMetrics();
  const { registry } = metrics;
  const sampler = createSampler({
    db: pool,
    intervalMs: settings.SAMPLE_INTERVAL_MS,
    metrics,
    onError: throttledWarning(log, 'sampler round failed'),
  });
  const stopping = new AbortController();
  const pages = await startPages({ settings, pool, metrics, log, stopping: stopping.signal });
  const probe = createProbe({
    url: settings.DATABASE_URL,
    applicationName: 'kasabi-operations-probe',
    // The pages are there for a Postgres that takes no writes, too.
    writes: false,
    pools: [pool, pages.pool],
  });
  measurePools(registry, { actions: pool, pages: pages.pool });
  const app = createApp({
    log,
    publicUrl: settings.OPERATIONS_PUBLIC_URL,
    checks: { Postgres: probe.check },
    isUnavailable: isTransient,
    registry,
    trust: { trustProxy: settings.TRUST_PROXY, serviceSecret: undefined },
    servesMetrics: settings.METRICS_PORT === undefined,
    routes(router) {
      router
        .route('/')
        .get((_request, response) => response.redirect(pages.base))
        .all(methodNotAllowed('GET', 'HEAD'));
      pages.addTo(router);
    },
  });
  const server = await listen({
    listener: app,
    port: settings.OPERATIONS_PORT,
    address: settings.LISTEN_ADDRESS,
    setting: 'OPERATIONS_PORT',
    connections: connectionLimits(settings),
    log,
  });
  const scraped = await listenForMetrics({
    registry,
    port: settings.METRICS_PORT,
    address: settings.LISTEN_ADDRESS,
    log,
  });
  sampler.start(metrics.loopRound);
  log.info({ port: server.port }, 'listening');

  return {
    log,
    shutdownTimeoutMs: settings.SHUTDOWN_TIMEOUT_MS,
    async stop() {
      // Streams end, so that the server can close.
      stopping.abort();
      await server.close(settings.SHUTDOWN_TIMEOUT_MS / 2);
      await sampler.stop();
      await scraped?.close(0);
      await pages.stop();
      await Promise.all([pool.end(), probe.close()]);
      await tracing.stop();
    },
  };
});

import {
  addDocumentation,
  addRoutes,
  connectionLimits,
  createApp,
  createOverloadGuard,
  listen,
  listenForMetrics,
} from '@kasabi/http';
import { createPool, createProbe, isTransient } from '@kasabi/postgres';
import { createLogger, measurePools, runService, throttledWarning } from '@kasabi/runtime';
import { startTracing } from '@kasabi/tracing';
import { createApi } from './api.ts';
import { datasetHandlers } from './datasets.ts';
import { discoveryHandlers } from './discovery.ts';
import { readSettings } from './env.ts';
import { eventHandlers } from './events.ts';
import { createHeld } from './held.ts';
import { type JobHandlersOptions, jobHandlers } from './jobs.ts';
import { listHandlers } from './list.ts';
import { createStatusMetrics } from './metrics.ts';
import { createOwnRateLimit } from './rate-limit.ts';
import { createDatasetReader } from './read-dataset.ts';
import { createJobReader } from './read-job.ts';
import { createWatcher } from './watcher.ts';

await runService(async () => {
  // biome-ignore lint/style/noProcessEnv: the one place where this service reads its environment.
  const settings = readSettings(process.env);
  const log = createLogger({ service: 'status', level: settings.LOG_LEVEL });

  const tracing = await startTracing({
    endpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
    service: 'kasabi-status',
    ratio: settings.OTEL_TRACES_SAMPLER_ARG,
    onError: throttledWarning(log, 'tracing trouble'),
  });
  const pool = createPool({
    url: settings.DATABASE_URL,
    applicationName: 'kasabi-status',
    max: settings.DATABASE_POOL_SIZE,
    statementTimeoutMs: settings.STATEMENT_TIMEOUT_MS,
    onIdleError: throttledWarning(log, 'connection trouble'),
  });
  const probe = createProbe({
    url: settings.DATABASE_URL,
    applicationName: 'kasabi-status-probe',
    writes: false,
    pools: [pool],
  });
  const watcher = createWatcher({
    db: pool,
    intervalMs: settings.WATCH_INTERVAL_MS,
    onError: throttledWarning(log, 'watcher round failed'),
  });
  const jobs = createJobReader(pool);
  const datasets = createDatasetReader(pool);
  const overload = createOverloadGuard({
    maxLagMs: settings.MAX_LAG_MS,
    queued: () => jobs.waiting + datasets.waiting + pool.waitingCount,
    maxQueued: settings.MAX_QUEUED,
  });
  const metrics = createStatusMetrics(() => watcher.waiting);
  const { registry } = metrics;
  measurePools(registry, { requests: pool });
  const stopping = new AbortController();
  const statusUrl = settings.STATUS_PUBLIC_URL;
  const api = createApi(
    settings.API_INTERNAL_URL ?? settings.API_PUBLIC_URL,
    settings.SERVICE_SECRET,
  );
  const jobOptions: JobHandlersOptions = {
    jobs,
    watcher,
    held: createHeld({
      perKey: settings.MAX_HELD_PER_KEY,
      perAddress: settings.MAX_HELD_PER_ADDRESS,
      inAll: settings.MAX_HELD,
    }),
    successStatus: settings.SUCCESS_STATUS,
    maxWaitSeconds: settings.MAX_WAIT_SECONDS,
    api,
    stopping: stopping.signal,
  };
  const rateLimit =
    settings.RATE_LIMIT_PER_MINUTE > 0
      ? createOwnRateLimit(settings.RATE_LIMIT_PER_MINUTE)
      : undefined;
  const app = createApp({
    log,
    publicUrl: statusUrl,
    checks: { Postgres: probe.check },
    isUnavailable: isTransient,
    registry,
    trust: { trustProxy: settings.TRUST_PROXY, serviceSecret: settings.SERVICE_SECRET },
    servesMetrics: settings.METRICS_PORT === undefined,
    refusal: (request) => rateLimit?.refusal(request),
    routes: (router) => {
      router.use(overload.middleware);
      if (rateLimit !== undefined) router.use(rateLimit.middleware);
      addDocumentation(router, 'status', { apiUrl: settings.API_PUBLIC_URL, statusUrl });
      addRoutes(router, 'jobs', {
        ...jobHandlers(jobOptions),
        ...eventHandlers(jobOptions),
        ...listHandlers({ pool, statusUrl, successStatus: settings.SUCCESS_STATUS }),
      });
      addRoutes(router, 'datasets', {
        ...datasetHandlers({ datasets }),
        ...discoveryHandlers({ datasets, apiUrl: settings.API_PUBLIC_URL, statusUrl }),
      });
    },
  });
  const server = await listen({
    listener: app,
    port: settings.STATUS_PORT,
    address: settings.LISTEN_ADDRESS,
    setting: 'STATUS_PORT',
    connections: connectionLimits(settings),
    log,
  });
  const scraped = await listenForMetrics({
    registry,
    port: settings.METRICS_PORT,
    address: settings.LISTEN_ADDRESS,
    log,
  });
  for (const loop of watcher.loops) loop.start(metrics.loopRound);
  log.info({ port: server.port }, 'listening');

  return {
    log,
    shutdownTimeoutMs: settings.SHUTDOWN_TIMEOUT_MS,
    async stop() {
      // Whoever waits is answered with what is known, so that the server can close.
      stopping.abort();
      await server.close(settings.SHUTDOWN_TIMEOUT_MS / 2);
      overload.stop();
      await Promise.all(watcher.loops.map((loop) => loop.stop()));
      await scraped?.close(0);
      await Promise.all([pool.end(), probe.close()]);
      await tracing.stop();
    },
  };
});

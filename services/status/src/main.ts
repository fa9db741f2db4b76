import { addDocumentation, addRoutes, createApp, createOverloadGuard, serve } from '@kasabi/http';
import { createPool, createProbe, isTransient } from '@kasabi/postgres';
import { measurePools, runService, throttledWarning } from '@kasabi/runtime';
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

// biome-ignore lint/style/noProcessEnv: the one place where this service reads its environment.
const readEnvironment = () => readSettings(process.env);

await runService('status', readEnvironment, async ({ settings, log, stopping }) => {
  const pool = createPool({
    url: settings.DATABASE_URL,
    target: 'any',
    applicationName: 'kasabi-status',
    max: settings.DATABASE_POOL_SIZE,
    statementTimeoutMs: settings.STATEMENT_TIMEOUT_MS,
    onIdleError: throttledWarning(log, 'connection trouble'),
  });
  const probe = createProbe({
    url: settings.DATABASE_URL,
    target: 'any',
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
  const statusUrl = settings.STATUS_PUBLIC_URL;
  const api = createApi(
    settings.API_INTERNAL_URL ?? settings.API_PUBLIC_URL,
    settings.SERVICE_SECRET,
  );
  const jobOptions: JobHandlersOptions = {
    jobs,
    watcher,
    held: createHeld(settings),
    successStatus: settings.SUCCESS_STATUS,
    maxWaitSeconds: settings.MAX_WAIT_SECONDS,
    api,
    stopping,
  };
  const rateLimit = createOwnRateLimit(settings.RATE_LIMIT_PER_MINUTE);
  const app = createApp({
    log,
    stopping,
    publicUrl: statusUrl,
    checks: { Postgres: probe.check },
    isUnavailable: isTransient,
    registry,
    trust: { trustProxy: settings.TRUST_PROXY, serviceSecret: settings.SERVICE_SECRET },
    servesMetrics: settings.METRICS_PORT === undefined,
    refusal: (request) => rateLimit?.refusal(request),
    routes: (router) => {
      router.use(overload);
      if (rateLimit !== undefined) router.use(rateLimit.middleware);
      addRoutes(router, 'jobs', {
        ...jobHandlers(jobOptions),
        ...eventHandlers(jobOptions),
        ...listHandlers({ pool, statusUrl, successStatus: settings.SUCCESS_STATUS }),
      });
      addRoutes(router, 'datasets', {
        ...datasetHandlers({ datasets }),
        ...discoveryHandlers({ datasets, apiUrl: settings.API_PUBLIC_URL, statusUrl }),
      });
      // Last: Express tries routes in order, and hardly anybody comes for these.
      addDocumentation(router, 'status', { apiUrl: settings.API_PUBLIC_URL, statusUrl });
    },
  });
  const server = await serve({
    listener: app,
    setting: 'STATUS_PORT',
    settings,
    registry,
    log,
  });
  for (const loop of watcher.loops) loop.start(metrics.loopRound);
  log.info({ port: server.port }, 'listening');

  return async () => {
    await server.close(settings.SHUTDOWN_TIMEOUT_MS / 2);
    await Promise.all(watcher.loops.map((loop) => loop.stop()));
    await Promise.all([pool.end(), probe.close()]);
  };
});

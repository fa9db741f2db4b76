import { openStore } from '@kasabi/exports';
import { addDocumentation, addRoutes, createApp, createOverloadGuard, serve } from '@kasabi/http';
import { isTransient } from '@kasabi/postgres';
import { measurePools, requireFitPooler, runService, throttledWarning } from '@kasabi/runtime';
import type pg from 'pg';
import { createApi } from './api.ts';
import { datasetHandlers } from './datasets.ts';
import { discoveryHandlers } from './discovery.ts';
import { readSettings } from './env.ts';
import { eventHandlers } from './events.ts';
import { exportHandlers } from './exports.ts';
import { createHeld } from './held.ts';
import { type JobHandlersOptions, jobHandlers } from './jobs.ts';
import { listHandlers } from './list.ts';
import { createStatusMetrics } from './metrics.ts';
import { createOwnRateLimit } from './rate-limit.ts';
import { createDatasetReader } from './read-dataset.ts';
import { createJobReader } from './read-job.ts';
import { startSources } from './sources/start.ts';
import { createWatcher } from './watcher.ts';

// biome-ignore lint/style/noProcessEnv: the one place where this service reads its environment.
const readEnvironment = () => readSettings(process.env);

await runService('status', readEnvironment, async ({ settings, log, stopping }) => {
  const reached = startSources(settings, log);
  const { sources } = reached;
  const store = await openStore(settings.EXPORT_STORE);
  const watcher = createWatcher({
    sources,
    intervalMs: settings.WATCH_INTERVAL_MS,
    onError: throttledWarning(log, 'watcher round failed'),
  });
  const jobs = createJobReader(sources);
  const datasets = createDatasetReader(sources);
  const overload = createOverloadGuard({
    maxLagMs: settings.MAX_LAG_MS,
    queued: () =>
      jobs.waiting +
      datasets.waiting +
      Object.values<pg.Pool>(reached.pools).reduce((sum, pool) => sum + pool.waitingCount, 0),
    maxQueued: settings.MAX_QUEUED,
  });
  const metrics = createStatusMetrics(() => watcher.waiting, sources.fresh?.standing);
  const { registry } = metrics;
  measurePools(registry, reached.pools);
  const statusUrl = settings.STATUS_PUBLIC_URL;
  const api = createApi(
    settings.API_INTERNAL_URL ?? settings.API_PUBLIC_URL,
    settings.SERVICE_SECRET,
  );
  const held = createHeld(settings);
  const jobOptions: JobHandlersOptions = {
    jobs,
    watcher,
    held,
    successStatus: settings.SUCCESS_STATUS,
    statusUrl,
    maxWaitSeconds: settings.MAX_WAIT_SECONDS,
    api,
    stopping,
  };
  const rateLimit = createOwnRateLimit(settings.RATE_LIMIT_PER_MINUTE);
  const app = createApp({
    log,
    stopping,
    publicUrl: statusUrl,
    checks: reached.checks,
    optional: reached.optional,
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
        ...listHandlers({ sources, statusUrl, successStatus: settings.SUCCESS_STATUS }),
      });
      addRoutes(router, 'exports', {
        ...exportHandlers({
          jobs,
          held,
          store,
          redirects: settings.EXPORT_DOWNLOAD === 'redirect',
        }),
      });
      addRoutes(router, 'datasets', {
        ...datasetHandlers({ datasets }),
        ...discoveryHandlers({ datasets, apiUrl: settings.API_PUBLIC_URL, statusUrl }),
      });
      // Last: Express tries routes in order, and hardly anybody comes for these.
      addDocumentation(router, 'status', { apiUrl: settings.API_PUBLIC_URL, statusUrl });
    },
  });
  await requireFitPooler(reached.check);
  const server = await serve({
    listener: app,
    setting: 'STATUS_PORT',
    settings,
    registry,
    log,
  });
  const loops = [...reached.loops, ...watcher.loops];
  for (const loop of loops) loop.start(metrics.loopRound);
  log.info({ port: server.port }, 'listening');

  return async () => {
    await server.close(settings.SHUTDOWN_TIMEOUT_MS / 2);
    await Promise.all(loops.map((loop) => loop.stop()));
    await reached.stop();
    store.close();
  };
});

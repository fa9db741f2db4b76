import { createApp, methodNotAllowed, serve } from '@kasabi/http';
import { createPool, createProbe, isTransient } from '@kasabi/postgres';
import { measurePools, requireFitPooler, runService, throttledWarning } from '@kasabi/runtime';
import { readSettings } from './env.ts';
import { createOperationsMetrics } from './metrics.ts';
import { startPages } from './pages/start.ts';
import { createSampler } from './sampler.ts';

// biome-ignore lint/style/noProcessEnv: the one place where this service reads its environment.
const readEnvironment = () => readSettings(process.env);

await runService('operations', readEnvironment, async ({ settings, log, stopping }) => {
  const pool = createPool({
    url: settings.DATABASE_URL,
    target: 'prefer-primary',
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
  const pages = await startPages({ settings, pool, metrics, log, stopping });
  const probe = createProbe({
    url: settings.DATABASE_URL,
    target: 'prefer-primary',
    applicationName: 'kasabi-operations-probe',
    // The pages also work on a Postgres that accepts no writes.
    writes: false,
    pools: [pool, pages.pool],
  });
  measurePools(registry, { actions: pool, pages: pages.pool });
  const app = createApp({
    log,
    stopping,
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
  await requireFitPooler(probe.check);
  const server = await serve({
    listener: app,
    setting: 'OPERATIONS_PORT',
    settings,
    registry,
    log,
  });
  sampler.start(metrics.loopRound);
  log.info({ port: server.port }, 'listening');

  return async () => {
    await server.close(settings.SHUTDOWN_TIMEOUT_MS / 2);
    await sampler.stop();
    await pages.stop();
    await Promise.all([pool.end(), probe.close()]);
  };
});

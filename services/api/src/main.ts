import { addDocumentation, addRoutes, createApp, createOverloadGuard, serve } from '@kasabi/http';
import { createPool, createProbe, isTransient } from '@kasabi/postgres';
import { connect, createProducer, redisAccess, redisTrouble } from '@kasabi/queue';
import { measurePools, requireFitPooler, runService, throttledWarning } from '@kasabi/runtime';
import { createAcceptor } from './accept.ts';
import { createAfterCommit } from './after-commit.ts';
import { cancelHandlers } from './cancel.ts';
import { readSettings } from './env.ts';
import { jobHandlers } from './jobs.ts';
import { createKeyFirst } from './key-first.ts';
import { createKnownKeys } from './known-keys.ts';
import { createApiMetrics } from './metrics.ts';
import { createSharedRateLimit } from './rate-limit.ts';

// biome-ignore lint/style/noProcessEnv: the one place where this service reads its environment.
const readEnvironment = () => readSettings(process.env);

await runService('api', readEnvironment, async ({ settings, log, tracing, stopping }) => {
  const onConnectionError = throttledWarning(log, 'connection trouble');
  const pool = createPool({
    url: settings.DATABASE_URL,
    applicationName: 'kasabi-api',
    max: settings.DATABASE_POOL_SIZE,
    statementTimeoutMs: settings.STATEMENT_TIMEOUT_MS,
    onIdleError: onConnectionError,
  });
  const probe = createProbe({
    url: settings.DATABASE_URL,
    applicationName: 'kasabi-api-probe',
    writes: true,
    pools: [pool],
  });
  const redis = await connect({
    ...redisAccess(settings),
    name: 'kasabi-api',
    onError: onConnectionError,
  });
  const producer = createProducer(redis, onConnectionError, tracing.telemetry);
  const metrics = createApiMetrics(() => acceptor.waiting);
  measurePools(metrics.registry, { requests: pool });
  const afterCommit = createAfterCommit(log);
  const acceptor = createAcceptor({
    pool,
    producer,
    log,
    metrics,
    afterCommit,
    maxScheduleDays: settings.MAX_SCHEDULE_DAYS,
    maxOpenJobs: settings.MAX_OPEN_JOBS_PER_DATASET,
    horizonMs: settings.QUEUE_HORIZON_MS,
  });
  const knownKeys = createKnownKeys();
  const keyFirst = createKeyFirst(pool, knownKeys);
  const overload = createOverloadGuard({
    maxLagMs: settings.MAX_LAG_MS,
    queued: () => acceptor.waiting + pool.waitingCount,
    maxQueued: settings.MAX_QUEUED,
  });

  const rateLimit =
    settings.RATE_LIMIT_PER_MINUTE > 0
      ? createSharedRateLimit(redis, settings.RATE_LIMIT_PER_MINUTE, knownKeys)
      : undefined;
  const app = createApp({
    log,
    stopping,
    publicUrl: settings.API_PUBLIC_URL,
    checks: { Postgres: probe.check, Redis: () => redisTrouble(redis) },
    // Jobs are accepted without it, and handed over when it is back.
    optional: ['Redis'],
    isUnavailable: isTransient,
    registry: metrics.registry,
    trust: { trustProxy: settings.TRUST_PROXY, serviceSecret: settings.SERVICE_SECRET },
    servesMetrics: settings.METRICS_PORT === undefined,
    refusal: (request) => rateLimit?.refusal(request),
    routes: (router) => {
      router.use(overload);
      if (rateLimit !== undefined) router.use(rateLimit.middleware);
      addRoutes(router, 'api', {
        ...jobHandlers({
          keyFirst,
          acceptor,
          pool,
          afterCommit,
          knownKeys,
          statusUrl: settings.STATUS_PUBLIC_URL,
          maxScheduleDays: settings.MAX_SCHEDULE_DAYS,
          maxOpenJobs: settings.MAX_OPEN_JOBS_PER_DATASET,
        }),
        ...cancelHandlers({ pool, keyFirst, metrics, afterCommit, knownKeys }),
      });
      // Last: Express tries routes in order, and hardly anybody comes for these.
      addDocumentation(router, 'api', {
        apiUrl: settings.API_PUBLIC_URL,
        statusUrl: settings.STATUS_PUBLIC_URL,
      });
    },
  });
  await requireFitPooler(probe.check);
  const server = await serve({
    listener: app,
    setting: 'API_PORT',
    settings,
    registry: metrics.registry,
    log,
  });
  log.info({ port: server.port }, 'listening');

  return async () => {
    await server.close(settings.SHUTDOWN_TIMEOUT_MS / 2);
    await acceptor.settled();
    redis.disconnect();
    await Promise.all([pool.end(), probe.close()]);
  };
});

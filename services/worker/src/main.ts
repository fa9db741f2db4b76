import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createLoop, createPruner, createRelay, createRescuer } from '@kasabi/jobs';
import { createPool, databaseAnswers, databaseNow, isTransient } from '@kasabi/postgres';
import { answers, connect, createConsumer, createEpoch, createProducer } from '@kasabi/queue';
import { createApp, createLogger, listen, runService, throttledWarning } from '@kasabi/service-kit';
import { correctClock } from './clock.ts';
import { createDeliveries, ShuttingDown } from './deliveries.ts';
import { readSettings } from './env.ts';
import { createLeases } from './leases.ts';
import { createWatchdog } from './watchdog.ts';

await runService(async () => {
  // biome-ignore lint/style/noProcessEnv: the one place where this service reads its environment.
  const settings = readSettings(process.env);
  const log = createLogger({ service: 'worker', level: settings.LOG_LEVEL });
  const onConnectionError = throttledWarning(log, 'connection trouble');
  const loopFailed = (name: string) => throttledWarning(log, `${name} round failed`);
  // Unique for every start: a lease must never look like that of an earlier process.
  const holder = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;

  const pool = createPool({
    url: settings.DATABASE_URL,
    applicationName: 'kasabi-worker',
    max: settings.DATABASE_POOL_SIZE,
    // A worker frozen inside a transaction would keep the dataset; Postgres ends it with its lease.
    idleInTransactionTimeoutMs: settings.LEASE_MS,
    onIdleError: onConnectionError,
  });
  // The loops have connections of their own: jobs that all wait for writers must not cost the leases.
  const upkeep = createPool({
    url: settings.DATABASE_URL,
    applicationName: 'kasabi-worker-upkeep',
    max: 3,
    idleInTransactionTimeoutMs: settings.LEASE_MS,
    statementTimeoutMs: settings.LEASE_MS,
    onIdleError: onConnectionError,
  });
  const redis = await connect({
    url: settings.REDIS_URL,
    name: 'kasabi-worker',
    onError: onConnectionError,
  });
  const producer = createProducer(redis, onConnectionError);
  const epoch = createEpoch(redis);
  const leases = createLeases({ pool: upkeep, leaseMs: settings.LEASE_MS, log });

  const observeClock = correctClock(log);
  const readClock = async (): Promise<void> => observeClock(await databaseNow(upkeep));
  // Before the first delivery, if Postgres answers; it is read again with every claim and every round.
  await readClock().catch(() => undefined);
  const clock = createLoop({
    name: 'clock',
    intervalMs: 5_000,
    runOnce: readClock,
    onError: loopFailed('clock'),
  });
  const watchdog = createWatchdog({
    db: upkeep,
    stuckAfterMs: settings.STUCK_AFTER_MS,
    hasRoom: () => leases.held < settings.WORKER_CONCURRENCY,
    queueAnswers: () => answers(redis),
    onError: loopFailed('watchdog'),
  });

  const loops = [
    clock,
    watchdog.loop,
    leases.loop,
    createRelay({
      db: upkeep,
      ...producer,
      ...epoch,
      intervalMs: settings.RELAY_INTERVAL_MS,
      horizonMs: settings.QUEUE_HORIZON_MS,
      overdueMs: settings.RELAY_OVERDUE_MS,
      reassertMs: settings.RELAY_REASSERT_MS,
      batchSize: 1_000,
      onRound: (round) => {
        if (round.enqueued + round.overdue > 0) log.info(round, 'relayed');
      },
      onError: loopFailed('relay'),
    }),
    createRescuer({
      pool: upkeep,
      intervalMs: settings.RESCUER_INTERVAL_MS,
      maxAttempts: settings.MAX_ATTEMPTS,
      onRescue: (rescued) => log.warn(rescued, 'rescued'),
      onError: loopFailed('rescuer'),
    }),
    createPruner({
      db: upkeep,
      intervalMs: settings.PRUNER_INTERVAL_MS,
      retentionDays: settings.JOB_RETENTION_DAYS,
      onPrune: (deleted) => log.info(deleted, 'pruned'),
      onError: loopFailed('pruner'),
    }),
  ];

  const app = createApp({
    log,
    checks: { Postgres: () => databaseAnswers(upkeep), Redis: () => answers(redis) },
    trouble: watchdog.trouble,
    isUnavailable: isTransient,
    routes: () => undefined,
  });
  const server = await listen({
    listener: app,
    port: settings.WORKER_PORT,
    setting: 'WORKER_PORT',
    log,
  });
  const consumer = createConsumer({
    url: settings.REDIS_URL,
    name: 'kasabi-worker',
    concurrency: settings.WORKER_CONCURRENCY,
    lockMs: settings.LEASE_MS,
    process: watchdog.watch(
      createDeliveries({
        pool,
        settings,
        leases,
        promote: producer.assert,
        observeClock,
        holder,
        log,
      }),
    ),
    onError: onConnectionError,
  });
  for (const loop of loops) loop.start();
  log.info({ port: server.port, holder }, 'working');

  return {
    log,
    shutdownTimeoutMs: settings.SHUTDOWN_TIMEOUT_MS,
    async stop() {
      const patience = settings.SHUTDOWN_TIMEOUT_MS / 2;
      const giveBack = setTimeout(() => {
        leases.dropAll(new ShuttingDown('The worker shuts down.'));
      }, patience);
      await consumer.close(patience + settings.SHUTDOWN_TIMEOUT_MS / 4);
      clearTimeout(giveBack);
      await Promise.all(loops.map((loop) => loop.stop()));
      await server.close(settings.SHUTDOWN_TIMEOUT_MS / 10);
      redis.disconnect();
      await Promise.all([pool.end(), upkeep.end()]);
    },
  };
});

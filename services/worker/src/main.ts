import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createSweeper, openStore } from '@kasabi/exports';
import { createApp, serve } from '@kasabi/http';
import {
  createBeat,
  createPruner,
  createRelay,
  createRescuer,
  endStraySessions,
  unlockCancelled,
} from '@kasabi/jobs';
import { createTally } from '@kasabi/operations';
import { createPool, createProbe, isTransient } from '@kasabi/postgres';
import {
  connect,
  createBeatMarkStore,
  createConsumer,
  createEpoch,
  createProducer,
  redisAccess,
  redisTrouble,
  sweepUntagged,
} from '@kasabi/queue';
import {
  createLoop,
  measurePools,
  requireFitPooler,
  runService,
  throttledWarning,
  version,
} from '@kasabi/runtime';
import { correctClock } from './clock.ts';
import { createDeliveries, ShuttingDown } from './deliveries.ts';
import { readSettings } from './env.ts';
import { createHandlers } from './handlers/index.ts';
import { createLeases } from './leases.ts';
import { createWorkerMetrics } from './metrics/index.ts';
import { createReporter } from './report.ts';
import { createSweep } from './sweep.ts';
import { createWatchdog } from './watchdog.ts';

// biome-ignore lint/style/noProcessEnv: the one place where this service reads its environment.
const readEnvironment = () => readSettings(process.env);

/** How many exports and restores a worker runs at a time. One more finds no connection, and is retried. */
const copiesAtATime = 2;

await runService('worker', readEnvironment, async ({ settings, log, tracing, stopping }) => {
  const onConnectionError = throttledWarning(log, 'connection trouble');
  const loopFailed = (name: string) => throttledWarning(log, `${name} round failed`);
  // Unique for every start: a lease must never be mistaken for that of an earlier process.
  const holder = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;

  const pool = createPool({
    url: settings.DATABASE_URL,
    applicationName: 'kasabi-worker',
    max: settings.DATABASE_POOL_SIZE,
    pipeline: true,
    // A session keeps about 36 KiB for each dataset that it has cleared: at most 72 MiB with this.
    maxUses: 2_000,
    // A worker frozen inside a transaction would keep the dataset; Postgres ends the transaction with the lease.
    idleInTransactionTimeoutMs: settings.LEASE_MS,
    onIdleError: onConnectionError,
  });
  // The loops have connections of their own: leases must survive even if all jobs wait for writers.
  const upkeep = createPool({
    url: settings.DATABASE_URL,
    applicationName: 'kasabi-worker-upkeep',
    max: 3,
    idleInTransactionTimeoutMs: settings.LEASE_MS,
    statementTimeoutMs: settings.LEASE_MS,
    onIdleError: onConnectionError,
  });
  // What reads or restores a dataset has the socket to itself, for as long as that takes.
  const copies = createPool({
    url: settings.DATABASE_URL,
    applicationName: 'kasabi-worker-copy',
    max: copiesAtATime,
    idleInTransactionTimeoutMs: settings.LEASE_MS,
    onIdleError: onConnectionError,
  });
  const store = await openStore(settings.EXPORT_STORE);
  const probe = createProbe({
    url: settings.DATABASE_URL,
    applicationName: 'kasabi-worker-probe',
    writes: true,
    pools: [pool, upkeep, copies],
  });
  const redis = await connect({
    ...redisAccess(settings),
    name: 'kasabi-worker',
    onError: onConnectionError,
  });
  const producer = createProducer(redis, onConnectionError, tracing.telemetry);
  const epoch = createEpoch(redis);
  const leases = createLeases({ pool: upkeep, leaseMs: settings.LEASE_MS, log });

  const metrics = createWorkerMetrics({
    running: () => leases.size,
    concurrency: settings.WORKER_CONCURRENCY,
    clockOffsetMs: () => clock.offsetMs ?? 0,
  });
  measurePools(metrics.registry, { jobs: pool, upkeep, exports: copies });
  const watchdog = createWatchdog({
    db: upkeep,
    stuckAfterMs: settings.STUCK_AFTER_MS,
    hasRoom: () => leases.size < settings.WORKER_CONCURRENCY,
    queueAnswers: async () => (await redisTrouble(redis)) === undefined,
    onError: loopFailed('watchdog'),
  });

  let loss: { readonly at: number; readonly forgotten: number } | undefined;
  const relay = createRelay({
    db: upkeep,
    enqueue: producer.enqueue,
    ensureDue: producer.ensureDue,
    lostData: epoch.lostData,
    acknowledgeData: epoch.acknowledgeData,
    intervalMs: settings.RELAY_INTERVAL_MS,
    horizonMs: settings.QUEUE_HORIZON_MS,
    overdueMs: settings.RELAY_OVERDUE_MS,
    reassertMs: settings.RELAY_REASSERT_MS,
    batchSize: 1_000,
    onLoss: ({ forgotten }) => {
      if (epoch.hasMoved()) {
        log.info({ forgotten }, 'the queue has other keys than in the version before');
        return;
      }
      loss = { at: performance.now(), forgotten };
      metrics.lostData();
      log.warn({ forgotten }, 'Redis lost its data');
    },
    onRound: (round) => {
      metrics.relayed(round);
      if (round.enqueued + round.overdue > 0) log.info(round, 'relayed');
    },
    onError: loopFailed('relay'),
  });
  const rescuer = createRescuer({
    pool: upkeep,
    intervalMs: settings.RESCUER_INTERVAL_MS,
    maxAttempts: settings.MAX_ATTEMPTS,
    onRescue: (rescued) => {
      log.warn(rescued, 'rescued');
      metrics.rescued(rescued);
    },
    onError: loopFailed('rescuer'),
  });

  const clock = correctClock(log);
  const reporter = createReporter({
    db: upkeep,
    clock,
    redisTrouble: () => redisTrouble(redis),
    state: () => ({
      holder,
      host: hostname(),
      version,
      concurrency: settings.WORKER_CONCURRENCY,
      running: leases.size,
      sinceRelayMs: relay.sinceRoundMs,
      relayIntervalMs: settings.RELAY_INTERVAL_MS,
      sinceRescueMs: rescuer.sinceRoundMs,
      storeTrouble: metrics.storeTrouble(),
      redisLoss: loss && {
        sinceMs: performance.now() - loss.at,
        forgotten: loss.forgotten,
      },
    }),
    onError: loopFailed('report'),
  });
  const beatMarks = createBeatMarkStore(redis);
  const beat = createBeat({
    db: upkeep,
    readMark: beatMarks.readMark,
    writeMark: beatMarks.writeMark,
    onRestored: (reason) => log.error({ reason }, 'Postgres was restored: all jobs are paused'),
    onError: loopFailed('beat'),
  });
  // Before the first delivery, if Postgres and Redis answer; otherwise the delivery is refused and comes again.
  await beat.look().catch(() => undefined);
  // The same for Postgres's clock, which is read again with every claim.
  await reporter.loop.runOnce().catch(() => undefined);

  const sweeper = createSweeper({
    db: upkeep,
    store,
    intervalMs: settings.SWEEPER_INTERVAL_MS,
    onSweep: (removed) => log.info(removed, 'swept'),
    onCheck: metrics.storeChecked,
    onError: loopFailed('sweeper'),
  });
  const strays = createLoop({
    name: 'strays',
    intervalMs: settings.LEASE_MS,
    runOnce: async () => {
      const ended = await endStraySessions(upkeep);
      if (ended > 0) log.warn({ ended }, 'ended sessions of attempts that are over');
      const unlocked = await unlockCancelled(upkeep, null);
      if (unlocked > 0) log.warn({ unlocked }, 'unlocked datasets of cancelled jobs');
    },
    onError: loopFailed('strays'),
  });

  const loops = [
    sweeper,
    strays,
    beat.loop,
    reporter.loop,
    watchdog.loop,
    leases.loop,
    relay,
    rescuer,
    createTally({
      db: upkeep,
      intervalMs: settings.TALLY_INTERVAL_MS,
      onError: loopFailed('tally'),
    }),
    createPruner({
      db: upkeep,
      intervalMs: settings.PRUNER_INTERVAL_MS,
      retentionDays: settings.JOB_RETENTION_DAYS,
      onPrune: (deleted) => log.info(deleted, 'pruned'),
      onError: loopFailed('pruner'),
    }),
    createSweep({ sweep: () => sweepUntagged(redis), log, onError: loopFailed('sweep') }),
  ];

  const app = createApp({
    log,
    stopping,
    checks: { Postgres: probe.check, Redis: () => redisTrouble(redis) },
    trouble: watchdog.trouble,
    isUnavailable: isTransient,
    registry: metrics.registry,
    servesMetrics: settings.METRICS_PORT === undefined,
    routes: () => undefined,
  });
  await requireFitPooler(probe.check);
  const server = await serve({
    listener: app,
    setting: 'WORKER_PORT',
    settings,
    registry: metrics.registry,
    log,
  });
  const limits = {
    lockTimeoutMs: settings.LOCK_TIMEOUT_MS,
    truncateTimeoutMs: settings.TRUNCATE_TIMEOUT_MS,
    truncateTries: settings.TRUNCATE_TRIES,
  };
  const consumer = createConsumer({
    ...redisAccess(settings),
    name: 'kasabi-worker',
    concurrency: settings.WORKER_CONCURRENCY,
    lockMs: settings.LEASE_MS,
    process: watchdog.watch(
      createDeliveries({
        pool,
        upkeep,
        handlers: createHandlers({
          reset: { ...limits, truncateFromBytes: settings.TRUNCATE_FROM_BYTES },
          export: {
            pool: copies,
            store,
            retentionDays: settings.EXPORT_RETENTION_DAYS,
            lockTimeoutMs: settings.LOCK_TIMEOUT_MS,
          },
          restore: { ...limits, copies, store },
        }),
        settings,
        leases,
        promote: producer.ensureDue,
        checkDatabase: beat.look,
        clock,
        holder,
        log,
        metrics,
      }),
    ),
    onError: onConnectionError,
    telemetry: tracing.telemetry,
  });
  for (const loop of loops) loop.start(metrics.loopRound);
  log.info({ port: server.port, holder }, 'working');

  return async () => {
    const patience = settings.SHUTDOWN_TIMEOUT_MS / 2;
    const giveBack = setTimeout(() => {
      leases.dropAll(new ShuttingDown('The worker shuts down.'));
    }, patience);
    await consumer.close(patience + settings.SHUTDOWN_TIMEOUT_MS / 4);
    clearTimeout(giveBack);
    await Promise.all(loops.map((loop) => loop.stop()));
    await server.close(settings.SHUTDOWN_TIMEOUT_MS / 10);
    await reporter.withdraw().catch(() => undefined);
    redis.disconnect();
    await Promise.all([pool.end(), upkeep.end(), copies.end(), probe.close()]);
    store.close();
  };
});

import { createPool, databaseAnswers, isTransient } from '@kasabi/postgres';
import { createApp, createLogger, listen, runService, throttledWarning } from '@kasabi/service-kit';
import { addDatasetRoutes } from './datasets.ts';
import { readSettings } from './env.ts';
import { addJobRoutes } from './jobs.ts';

await runService(async () => {
  // biome-ignore lint/style/noProcessEnv: the one place where this service reads its environment.
  const settings = readSettings(process.env);
  const log = createLogger({ service: 'status', level: settings.LOG_LEVEL });

  const pool = createPool({
    url: settings.DATABASE_URL,
    applicationName: 'kasabi-status',
    max: settings.DATABASE_POOL_SIZE,
    statementTimeoutMs: settings.STATEMENT_TIMEOUT_MS,
    onIdleError: throttledWarning(log, 'connection trouble'),
  });
  const app = createApp({
    log,
    checks: { Postgres: () => databaseAnswers(pool) },
    isUnavailable: isTransient,
    routes: (router) => {
      addJobRoutes(router, { pool, successStatus: settings.SUCCESS_STATUS });
      addDatasetRoutes(router, { pool });
    },
  });
  const server = await listen({
    listener: app,
    port: settings.STATUS_PORT,
    setting: 'STATUS_PORT',
    log,
  });
  log.info({ port: server.port }, 'listening');

  return {
    log,
    shutdownTimeoutMs: settings.SHUTDOWN_TIMEOUT_MS,
    async stop() {
      await server.close(settings.SHUTDOWN_TIMEOUT_MS / 2);
      await pool.end();
    },
  };
});

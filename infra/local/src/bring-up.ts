import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createPool, migrate } from '@kasabi/postgres';
import { prepareDemo } from './demo-data.ts';
import type { LocalSettings } from './env.ts';
import type { ManagedProcess } from './managed-process.ts';
import { choosePort } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { keepSecrets } from './secrets.ts';
import { passedThrough, type ServiceName, serviceSettings, startService } from './services.ts';
import { readStackState, writeStackState } from './stack-state.ts';

export interface BringUpOptions {
  readonly settings: LocalSettings;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  readonly onSpawn: (process: ManagedProcess) => void;
}

/** Where everything of a stack that is up can be found. */
export interface StackAddresses {
  readonly apiUrl: string;
  readonly statusUrl: string;
  /** Health of each worker. */
  readonly workerUrls: readonly string[];
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly demoKey: string;
  readonly operatorPassword: string;
  readonly dataDir: string;
  readonly logDir: string;
}

const databaseName = 'kasabi';

/**
 * Starts the whole stack, in parallel where it can be: servers, schema, demo data, services. Resolves
 * when every service is ready.
 */
export async function bringUp(options: BringUpOptions): Promise<StackAddresses> {
  const { settings, log } = options;
  const dataDir = settings.DATA_DIR;
  const logDir = path.join(dataDir, 'logs');
  mkdirSync(logDir, { recursive: true, mode: 0o711 });
  const secrets = keepSecrets(dataDir);
  const demoKey = settings.KASABI_API_KEY ?? secrets.demoKey;
  const operatorPassword = settings.OPERATOR_PASSWORD ?? secrets.operatorPassword;
  const last = readStackState(dataDir)?.ports ?? {};

  const ports = await choosePorts(settings, last);
  const shared = { ...options, logDir, dataDir };
  const [databaseUrl, redisUrl] = await Promise.all([
    settings.DATABASE_URL ?? ownPostgres(shared, ports.postgres, secrets.postgresPassword),
    settings.REDIS_URL ?? ownRedis(shared, ports.redis, secrets.redisPassword),
  ]);
  writeStackState(dataDir, {
    databaseUrl,
    redisUrl,
    ownsPostgres: settings.DATABASE_URL === undefined,
    ports: { postgres: ports.postgres, redis: ports.redis },
  });
  const ran = await migrate({ databaseUrl });
  if (ran.length > 0) log(`Ran ${ran.length} migrations`);

  const apiUrl = `http://127.0.0.1:${ports.api}`;
  const statusUrl = `http://127.0.0.1:${ports.status}`;
  const surroundings = {
    databaseUrl,
    redisUrl,
    apiPublicUrl: settings.API_PUBLIC_URL ?? apiUrl,
    statusPublicUrl: settings.STATUS_PUBLIC_URL ?? statusUrl,
    operatorPassword,
  };
  const launch = (service: ServiceName, name: string, port: number): Promise<ManagedProcess> =>
    startService({
      service,
      name,
      port,
      env: { ...passedThrough(), ...serviceSettings(service, port, surroundings) },
      logFile: path.join(logDir, `${name}.log`),
      signal: options.signal,
      onSpawn: options.onSpawn,
    });
  options.signal.throwIfAborted();
  await Promise.all([
    prepareDemo(databaseUrl, demoKey, log),
    launch('api', 'api', ports.api),
    launch('status', 'status', ports.status),
    ...ports.workers.map((port, index) =>
      launch('worker', index === 0 ? 'worker' : `worker-${index + 1}`, port),
    ),
  ]);
  const workerUrls = ports.workers.map((port) => `http://127.0.0.1:${port}`);
  const urls = { apiUrl, statusUrl, workerUrls, databaseUrl, redisUrl };
  return { ...urls, demoKey, operatorPassword, dataDir, logDir };
}

async function choosePorts(settings: LocalSettings, last: Readonly<Record<string, number>>) {
  const api = await choosePort({ setting: 'API_PORT', set: settings.API_PORT, preferred: 8080 });
  const status = await choosePort({
    setting: 'STATUS_PORT',
    set: settings.STATUS_PORT,
    preferred: 8081,
  });
  const workers = [];
  for (let index = 0; index < settings.WORKERS; index += 1) {
    const set = index === 0 ? settings.WORKER_PORT : undefined;
    workers.push(await choosePort({ setting: 'WORKER_PORT', set, preferred: 8082 + index }));
  }
  // The ports of the last run, if they are free, so that a pasted URL still holds after a restart. One
  // for a server that is not started here is never used and need not be free.
  const postgres = await choosePort({
    setting: 'POSTGRES_PORT',
    set: settings.DATABASE_URL === undefined ? settings.POSTGRES_PORT : undefined,
    preferred: last['postgres'],
  });
  const redis = await choosePort({
    setting: 'REDIS_PORT',
    set: settings.REDIS_URL === undefined ? settings.REDIS_PORT : undefined,
    preferred: last['redis'],
  });
  return { api, status, workers, postgres, redis };
}

interface ServerContext extends BringUpOptions {
  readonly dataDir: string;
  readonly logDir: string;
}

async function ownPostgres(
  { dataDir, logDir, log, signal, onSpawn }: ServerContext,
  port: number,
  password: string,
): Promise<string> {
  const [dir, logFile] = [path.join(dataDir, 'postgres'), path.join(logDir, 'postgres.log')];
  const server = await startPostgres({ dir, logFile, port, password, log, signal, onSpawn });
  log(`Postgres is up on port ${port}`);
  const pool = createPool({
    url: server.url,
    applicationName: 'kasabi-local',
    max: 1,
    onIdleError: () => {},
  });
  try {
    const { rowCount } = await pool.query('SELECT 1 FROM pg_database WHERE datname = $1', [
      databaseName,
    ]);
    if (rowCount === 0) await pool.query(`CREATE DATABASE ${databaseName}`);
  } finally {
    await pool.end();
  }
  const url = new URL(server.url);
  url.pathname = `/${databaseName}`;
  return url.href;
}

async function ownRedis(
  { dataDir, logDir, log, signal, onSpawn }: ServerContext,
  port: number,
  password: string,
): Promise<string> {
  const [dir, logFile] = [path.join(dataDir, 'redis'), path.join(logDir, 'redis.log')];
  const server = await startRedis({ dir, logFile, port, password, log, signal, onSpawn });
  log(`Redis is up on port ${port}`);
  return server.url;
}

import { mkdirSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { migrate } from '@kasabi/postgres';
import { prepareDemo } from './demo-data.ts';
import type { LocalSettings } from './env.ts';
import type { ManagedProcess } from './managed-process.ts';
import { type OwnServer, ownPostgres, ownRedis } from './own-servers.ts';
import { choosePort } from './ports.ts';
import type { Kept } from './restarts.ts';
import { keepSecrets } from './secrets.ts';
import {
  loopback,
  passedThrough,
  type ServiceName,
  serviceSettings,
  startService,
} from './services.ts';
import { readStackState, writeStackState } from './stack-state.ts';

export interface BringUpOptions {
  readonly settings: LocalSettings;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  readonly onSpawn: (process: ManagedProcess) => void;
}

const readyWithinMs = 30_000;

/**
 * Starts the whole stack, as far as possible in parallel: servers, schema, demo data, services. Resolves when all
 * services are ready.
 */
export async function bringUp(options: BringUpOptions) {
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
  const { postgresPassword, redisPassword } = secrets;
  const [postgres, redis] = await Promise.all([
    settings.DATABASE_URL === undefined
      ? ownPostgres({ ...shared, port: ports.postgres, password: postgresPassword })
      : { url: settings.DATABASE_URL },
    settings.REDIS_URL === undefined
      ? ownRedis({ ...shared, port: ports.redis, password: redisPassword })
      : { url: settings.REDIS_URL },
  ]);
  const [databaseUrl, redisUrl] = [postgres.url, redis.url];
  writeStackState(dataDir, {
    databaseUrl,
    redisUrl,
    ownsPostgres: settings.DATABASE_URL === undefined,
    ports: { postgres: ports.postgres, redis: ports.redis },
  });
  const ran = await migrate({ databaseUrl, warn: log });
  if (ran.length > 0) log(`Ran ${ran.length} migrations`);

  const at = (port: number): string => `http://${reachable(settings.LISTEN_ADDRESS)}:${port}`;
  const [apiUrl, statusUrl] = [at(ports.api), at(ports.status)];
  const operationsUrl = at(ports.operations);
  const surroundings = {
    databaseUrl,
    redisUrl,
    exportStore:
      settings.EXPORT_STORE ?? pathToFileURL(path.join(settings.DATA_DIR, 'exports')).href,
    apiPublicUrl: settings.API_PUBLIC_URL ?? apiUrl,
    statusPublicUrl: settings.STATUS_PUBLIC_URL ?? statusUrl,
    operationsPublicUrl: settings.OPERATIONS_PUBLIC_URL ?? operationsUrl,
    operatorPassword,
    serviceSecret: settings.SERVICE_SECRET ?? secrets.serviceSecret,
    listenAddress: settings.LISTEN_ADDRESS ?? loopback,
  };
  const launch = async (service: ServiceName, name: string, port: number): Promise<Kept> => {
    const logFile = path.join(logDir, `${name}.log`);
    const url = at(port);
    const env = { ...passedThrough(), ...serviceSettings(service, port, surroundings) };
    const same = { service, name, url, env, logFile, onSpawn: options.onSpawn };
    const started = await startService({ ...same, readyWithinMs, signal: options.signal });
    // Restarts have no time limit, because Postgres may be restarting too.
    const start = (signal: AbortSignal) => startService({ ...same, signal });
    return { name, process: started, logFile, start };
  };
  options.signal.throwIfAborted();
  const [, api, status, operations, ...workers] = await Promise.all([
    prepareDemo(databaseUrl, demoKey, log),
    launch('api', 'api', ports.api),
    launch('status', 'status', ports.status),
    launch('operations', 'operations', ports.operations),
    ...ports.workers.map((port, index) =>
      launch('worker', index === 0 ? 'worker' : `worker-${index + 1}`, port),
    ),
  ]);
  const servers = [postgres, redis].filter((it): it is OwnServer => 'start' in it);
  return {
    /** All processes of the stack. */
    kept: [...servers, api, status, operations, ...workers],
    addresses: {
      ...{ apiUrl, statusUrl, operationsUrl, databaseUrl, redisUrl },
      ...{ demoKey, operatorPassword, dataDir, logDir },
      workers: workers.map(({ process }, index) => ({
        url: at(ports.workers[index] ?? 0),
        pid: process.pid,
      })),
    },
  };
}

/** The addresses of a running stack. */
export type StackAddresses = Awaited<ReturnType<typeof bringUp>>['addresses'];

/** The host for URLs of a service that listens on this address. */
function reachable(address: string | undefined): string {
  if (address === undefined || address === '0.0.0.0' || address === '::') return loopback;
  return isIPv6(address) ? `[${address}]` : address;
}

async function choosePorts(settings: LocalSettings, last: Readonly<Record<string, number>>) {
  const choose = (setting: PortSetting, preferred: number | undefined) =>
    choosePort({ setting, set: settings[setting], preferred });
  const api = await choose('API_PORT', 8080);
  const status = await choose('STATUS_PORT', 8081);
  const operations = await choose('OPERATIONS_PORT', 8083);
  const workers = [await choose('WORKER_PORT', 8082)];
  while (workers.length < settings.WORKERS) {
    const preferred = 8083 + workers.length;
    workers.push(await choosePort({ setting: 'WORKER_PORT', set: undefined, preferred }));
  }
  // The ports of the last run if they are free, so that pasted URLs still work after a restart.
  const postgres =
    settings.DATABASE_URL === undefined ? await choose('POSTGRES_PORT', last['postgres']) : 0;
  const redis = settings.REDIS_URL === undefined ? await choose('REDIS_PORT', last['redis']) : 0;
  return { api, status, operations, workers, postgres, redis };
}

type PortSetting = Extract<keyof LocalSettings, `${string}_PORT`>;

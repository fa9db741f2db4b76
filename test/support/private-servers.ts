import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createOwner, issueKey } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import {
  freePort,
  type ServiceName,
  serviceSettings,
  startPostgres,
  startRedis,
} from '@kasabi/local';
import { createPool, migrate, type RolePasswords } from '@kasabi/postgres';
import { startService, type TestService } from './service.ts';

/** A server that a test takes away and brings back, at the same address and with its data. */
export interface PrivateServer {
  readonly pid: () => number;
  /** Where it keeps its data. */
  readonly folder: string;
  /** Its URL, whether it runs or not. */
  readonly url: string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** The services on a Postgres and a Redis that nobody else uses. */
export interface PrivateStack {
  readonly postgres: PrivateServer;
  readonly redis: PrivateServer;
  readonly api: TestService;
  readonly status: TestService;
  readonly worker: TestService;
  /** The key of the owner of all datasets. */
  readonly key: string;
  /** The superuser's URL. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
  stop(): Promise<void>;
}

/** A private stack with an operations service. */
export interface OperatedPrivateStack extends PrivateStack {
  readonly operations: TestService;
}

export interface PrivateStackOptions {
  /** Short codes; `nasa` alone unless set. */
  readonly datasets?: readonly string[];
  /** Opens the operations page; the operations service is not started unless set. */
  readonly operatorPassword?: string;
  /** Logins for the services' roles. */
  readonly passwords?: RolePasswords;
  /** Further settings of a service that depend on where the servers are. */
  readonly connect?: (
    service: ServiceName,
    servers: {
      readonly databaseUrl: string;
      readonly redisUrl: string;
      readonly postgres: PrivateServer;
    },
  ) => Promise<NodeJS.ProcessEnv>;
  /** Further settings of a service. */
  readonly settings?: Readonly<Partial<Record<ServiceName, NodeJS.ProcessEnv>>>;
}

type Handle = Awaited<ReturnType<typeof startPostgres>>;

/** Makes a server of one that runs and a way to start it again. */
export function serverOf(
  first: Handle,
  folder: string,
  again: () => Promise<Handle>,
): PrivateServer {
  let running: Handle | undefined = first;
  return {
    pid: () => running?.pid ?? Number.NaN,
    folder,
    url: first.url,
    async stop() {
      const server = running;
      running = undefined;
      await server?.stop();
    },
    async start() {
      running ??= await again();
    },
  };
}

/** Starts them, with datasets of one owner. */
export function startPrivateStack(
  options: PrivateStackOptions & { readonly operatorPassword: string },
): Promise<OperatedPrivateStack>;
export function startPrivateStack(options?: PrivateStackOptions): Promise<PrivateStack>;
export async function startPrivateStack(
  options: PrivateStackOptions = {},
): Promise<PrivateStack & Partial<OperatedPrivateStack>> {
  const { operatorPassword } = options;
  const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-e2e-'));
  // Postgres may run as another user, who has to get through here.
  chmodSync(folder, 0o711);
  const stops: (() => Promise<void>)[] = [async () => rmSync(folder, { recursive: true })];
  const stop = async (): Promise<void> => {
    for (const step of stops.splice(0).reverse()) await step();
  };
  try {
    const postgresOptions = { dir: path.join(folder, 'postgres'), ephemeral: true };
    const firstPostgres = await startPostgres(postgresOptions);
    const { url: databaseUrl } = firstPostgres;
    const password = new URL(databaseUrl).password;
    const postgres = serverOf(firstPostgres, postgresOptions.dir, () =>
      startPostgres({ ...postgresOptions, password, port: firstPostgres.port }),
    );
    stops.push(postgres.stop);
    const redisOptions = { dir: path.join(folder, 'redis') };
    const firstRedis = await startRedis(redisOptions);
    const redis = serverOf(firstRedis, redisOptions.dir, () =>
      startRedis({
        ...redisOptions,
        password: new URL(firstRedis.url).password,
        port: firstRedis.port,
      }),
    );
    stops.push(redis.stop);

    await migrate({ databaseUrl, passwords: options.passwords ?? {} });
    const key = await makeDatasets(databaseUrl, options.datasets ?? ['nasa']);
    const [apiPort, statusPort] = [await freePort(), await freePort()];
    const launch = async (name: ServiceName, port: number) => {
      const service = await startService(name, {
        ...serviceSettings(name, port, {
          databaseUrl,
          redisUrl: firstRedis.url,
          apiPublicUrl: `http://127.0.0.1:${apiPort}`,
          statusPublicUrl: `http://127.0.0.1:${statusPort}`,
          ...(operatorPassword !== undefined && { operatorPassword }),
        }),
        ...options.settings?.[name],
        ...(await options.connect?.(name, { databaseUrl, redisUrl: firstRedis.url, postgres })),
      });
      stops.push(() => service.stop());
      return service;
    };
    const api = await launch('api', apiPort);
    const status = await launch('status', statusPort);
    const worker = await launch('worker', await freePort());
    const operations =
      operatorPassword === undefined ? undefined : await launch('operations', await freePort());
    return {
      ...{ postgres, redis, api, status, worker, key, databaseUrl },
      ...{ redisUrl: firstRedis.url, stop, ...(operations !== undefined && { operations }) },
    };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

async function makeDatasets(databaseUrl: string, codes: readonly string[]): Promise<string> {
  const pool = createPool({ url: databaseUrl, applicationName: 'test', onIdleError: () => {} });
  try {
    await createOwner(pool, 'owner');
    for (const code of codes) await createDataset(pool, { code, owner: 'owner' });
    return (await issueKey(pool, 'owner')).secret;
  } finally {
    await pool.end();
  }
}

import { createOwner, issueKey } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { freePort, type ServiceName, serviceSettings } from '@kasabi/local';
import { createDatabase, type TestDatabase } from './database.ts';
import { createRedis, type TestRedis } from './redis.ts';
import { startService, type TestService } from './service.ts';
import { topologySettings } from './topology.ts';

/** What the services of a test stack know each other by. */
export const serviceSecret = 'between-the-services-of-a-test';

/** A test sends more in a minute than one client may, all from one address. */
export const limitsOff: Readonly<Record<ServiceName, NodeJS.ProcessEnv>> = {
  api: { RATE_LIMIT_PER_MINUTE: '0', MAX_CONNECTIONS_PER_ADDRESS: '0' },
  worker: {},
  status: {
    ...{ RATE_LIMIT_PER_MINUTE: '0', MAX_CONNECTIONS_PER_ADDRESS: '0' },
    ...{ MAX_HELD_PER_KEY: '0', MAX_HELD_PER_ADDRESS: '0' },
  },
  operations: { MAX_CONNECTIONS_PER_ADDRESS: '0' },
};

export interface StackOptions {
  /** How many workers; 1 unless set. */
  readonly workers?: number;
  /** Short code of the dataset that is made; `nasa` unless set. */
  readonly dataset?: string;
  /** Opens the operations page; the operations service is not started unless set. */
  readonly operatorPassword?: string;
  /** The Node.js program that the services run on; that of the tests unless set. */
  readonly node?: string;
  /** Further settings, for every service. */
  readonly env?: NodeJS.ProcessEnv;
  /** Further settings for one kind of service. */
  readonly serviceEnv?: Partial<Record<ServiceName, NodeJS.ProcessEnv>>;
}

/** The services as processes, on a database and a Redis of their own. */
export interface TestStack {
  readonly apiUrl: string;
  readonly statusUrl: string;
  /** A key of the dataset's owner. */
  readonly key: string;
  readonly owner: string;
  readonly dataset: string;
  readonly database: TestDatabase;
  readonly redis: TestRedis;
  readonly api: TestService;
  readonly status: TestService;
  readonly workers: readonly TestService[];
  /** Starts one more worker on the same database and Redis; `stop` ends it, too. */
  addWorker(env?: NodeJS.ProcessEnv): Promise<TestService>;
  /**
   * Stops the services, then gives back Redis and database.
   *
   * @throws the first thing that went wrong, when all has been tried: a service that did not end with
   *   status 0, a connection that was left open.
   */
  stop(): Promise<void>;
}

/** A stack with an operations service. */
export interface OperatedStack extends TestStack {
  readonly operations: TestService;
  readonly operationsUrl: string;
}

/**
 * Starts api, worker(s) and status, with an owner, its key and an empty dataset made; and, with an operators'
 * password, operations.
 */
export function startStack(
  options: StackOptions & { readonly operatorPassword: string },
): Promise<OperatedStack>;
export function startStack(options?: StackOptions): Promise<TestStack>;
export async function startStack(
  options: StackOptions = {},
): Promise<TestStack & Partial<OperatedStack>> {
  const { workers: workerCount = 1, dataset = 'nasa', env = {}, serviceEnv = {} } = options;
  const owner = 'owner';
  const [database, redis] = await Promise.all([createDatabase(), createRedis()]);
  const started: TestService[] = [];
  const stop = async (): Promise<void> => {
    const stopped = await Promise.allSettled(started.map((service) => service.stop()));
    const closed = await Promise.allSettled([redis.close(), database.close()]);
    const failure = [...stopped, ...closed].find((it) => it.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  };
  try {
    await createOwner(database.pool(), owner);
    const { secret: key } = await issueKey(database.pool(), owner);
    await createDataset(database.pool(), { code: dataset, owner });
    const [apiPort, statusPort] = [await freePort(), await freePort()];
    const apiUrl = `http://127.0.0.1:${apiPort}`;
    const statusUrl = `http://127.0.0.1:${statusPort}`;
    const surroundings = {
      databaseUrl: database.url,
      redisUrl: redis.url,
      apiPublicUrl: apiUrl,
      statusPublicUrl: statusUrl,
      serviceSecret,
      ...(options.operatorPassword !== undefined && { operatorPassword: options.operatorPassword }),
    };
    const launch = async (
      name: ServiceName,
      port: number,
      extra: NodeJS.ProcessEnv = {},
    ): Promise<TestService> => {
      const settings = serviceSettings(name, port, surroundings);
      const service = await startService(
        name,
        {
          ...settings,
          ...topologySettings(name, { postgres: database.name, redis: redis.database }),
          ...limitsOff[name],
          ...env,
          ...serviceEnv[name],
          ...extra,
        },
        options.node === undefined ? {} : { node: options.node },
      );
      started.push(service);
      return service;
    };
    const results = await Promise.allSettled([
      launch('api', apiPort),
      launch('status', statusPort),
      options.operatorPassword === undefined ? undefined : launch('operations', await freePort()),
      ...Array.from({ length: workerCount }, async () => launch('worker', await freePort())),
    ]);
    const services = results.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
    const [api, status, operations, ...workers] = services as [
      TestService,
      TestService,
      TestService | undefined,
      ...TestService[],
    ];
    return {
      apiUrl,
      statusUrl,
      key,
      owner,
      dataset,
      database,
      redis,
      api,
      status,
      ...(operations !== undefined && { operations, operationsUrl: operations.url }),
      workers,
      addWorker: async (extra) => launch('worker', await freePort(), extra),
      stop,
    };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

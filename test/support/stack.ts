import { createOwner, issueKey } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { freePort, type ServiceName, serviceSettings } from '@kasabi/local';
import { createDatabase, type TestDatabase } from './database.ts';
import { type Nginx, startNginx } from './nginx.ts';
import { createRedis, type TestRedis } from './redis.ts';
import { startService, type TestService } from './service.ts';
import { topology, topologySettings } from './topology.ts';

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
  /** How many workers; as the run's topology has it, or 1, unless set. */
  readonly workers?: number;
  /** Short code of the dataset that is made; `nasa` unless set. */
  readonly dataset?: string;
  /** Opens the operations page; the operations service is not started unless set. */
  readonly operatorPassword?: string;
  /** The Node.js program that the services run on; that of the tests unless set. */
  readonly node?: string;
  /**
   * Two of each of api and status, and the console, behind nginx with the shipped configuration; as the run's topology
   * has it unless set.
   */
  readonly behindNginx?: boolean;
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
  /** All services that have been started and not been replaced by a restart. */
  services(): readonly TestService[];
  /** Stops a service in order, and starts it again with the same settings; resolves when it is ready. */
  restart(service: TestService): Promise<void>;
  /** What is in front, if there is something. */
  readonly nginx?: Nginx;
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
  const {
    workers: workerCount = topology().workers ?? 1,
    dataset = 'nasa',
    env = {},
    serviceEnv = {},
  } = options;
  const { behindNginx = topology().behindNginx ?? false } = options;
  const owner = 'owner';
  const [database, redis] = await Promise.all([createDatabase(), createRedis()]);
  const started: TestService[] = [];
  const relaunch = new Map<TestService, () => Promise<TestService>>();
  let nginx: Nginx | undefined;
  const stop = async (): Promise<void> => {
    const stopped = await Promise.allSettled(started.map((service) => service.stop()));
    await nginx?.stop();
    const closed = await Promise.allSettled([redis.close(), database.close()]);
    const failure = [...stopped, ...closed].find((it) => it.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  };
  try {
    await createOwner(database.pool(), owner);
    const { secret: key } = await issueKey(database.pool(), owner);
    await createDataset(database.pool(), { code: dataset, owner });
    const [apiPort, statusPort] = [await freePort(), await freePort()];
    const operationsPort = await freePort();
    const apiUrl = `http://127.0.0.1:${apiPort}`;
    const statusUrl = `http://127.0.0.1:${statusPort}`;
    const surroundings = {
      databaseUrl: database.url,
      redisUrl: redis.url,
      apiPublicUrl: apiUrl,
      statusPublicUrl: statusUrl,
      serviceSecret,
      operationsPublicUrl: `http://127.0.0.1:${operationsPort}`,
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
          ...(behindNginx && name !== 'worker' && { TRUST_PROXY: '1' }),
          ...env,
          ...serviceEnv[name],
          ...extra,
        },
        options.node === undefined ? {} : { node: options.node },
      );
      started.push(service);
      relaunch.set(service, () => launch(name, port, extra));
      return service;
    };
    /** The ports of a service's processes: behind nginx, its own port is nginx's. */
    const portsBehind = async (port: number, count: number): Promise<number[]> =>
      behindNginx ? Promise.all(Array.from({ length: count }, freePort)) : [port];
    const behind = {
      api: await portsBehind(apiPort, 2),
      status: await portsBehind(statusPort, 2),
      operations: await portsBehind(operationsPort, 1),
    };
    if (behindNginx) {
      nginx = await startNginx({
        sites: {
          api: { port: apiPort, behind: behind.api },
          status: { port: statusPort, behind: behind.status },
          operations: { port: operationsPort, behind: behind.operations },
        },
      });
    }
    const all = (name: ServiceName, ports: readonly number[]): Promise<TestService[]> =>
      Promise.all(ports.map((port) => launch(name, port)));
    const results = await Promise.allSettled([
      all('api', behind.api),
      all('status', behind.status),
      all('operations', options.operatorPassword === undefined ? [] : behind.operations),
      Promise.all(
        Array.from({ length: workerCount }, async () => launch('worker', await freePort())),
      ),
    ]);
    const groups = results.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
    const [[api], [status], [operations], workers = []] = groups as [
      [TestService],
      [TestService],
      TestService[],
      TestService[],
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
      ...(operations !== undefined && {
        operations,
        operationsUrl: surroundings.operationsPublicUrl,
      }),
      workers,
      services: () => [...started],
      async restart(service) {
        await service.stop();
        started.splice(started.indexOf(service), 1);
        await relaunch.get(service)?.();
      },
      ...(nginx !== undefined && { nginx }),
      addWorker: async (extra) => launch('worker', await freePort(), extra),
      stop,
    };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

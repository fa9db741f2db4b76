import { rmSync } from 'node:fs';
import path from 'node:path';
import {
  acquireDataLock,
  freePort,
  projectRoot,
  type ServiceName,
  serviceSettings,
} from '@kasabi/local';
import { createPool, roleUrl } from '@kasabi/postgres';
import { createProducer, type Producer } from '@kasabi/queue';
import { type SocketProxy, startProxy } from '@kasabi/test/support/proxy';
import type { Cluster, Redis } from 'ioredis';
import type pg from 'pg';
import { installAudit } from './audit.ts';
import { type ControlOptions, type ControlServer, startControl } from './control.ts';
import { type Image, makeImage, type Patch } from './image.ts';
import { clearLeftovers } from './leftovers.ts';
import { onCluster } from './on-cluster.ts';
import type { RedisKind } from './options.ts';
import { type Servers, startServers } from './servers.ts';
import { createService, type Service, type ServiceOptions } from './service.ts';

/** Short enough that a lost job is taken up soon, long enough that a busy machine loses none by itself. */
export const leaseMs = 2_000;
export const maxAttempts = 8;

/** All but the operations service, which no job needs. */
type Kind = Exclude<ServiceName, 'operations'>;

const settings: Record<Kind, NodeJS.ProcessEnv> = {
  api: { SHUTDOWN_TIMEOUT_MS: '3000', LOG_LEVEL: 'info' },
  status: { SHUTDOWN_TIMEOUT_MS: '3000', LOG_LEVEL: 'warn' },
  worker: {
    LEASE_MS: String(leaseMs),
    MAX_ATTEMPTS: String(maxAttempts),
    RELAY_INTERVAL_MS: '150',
    RELAY_OVERDUE_MS: '400',
    RESCUER_INTERVAL_MS: '150',
    TRUNCATE_TIMEOUT_MS: '200',
    // Running jobs have half of it to finish.
    SHUTDOWN_TIMEOUT_MS: '2000',
    LOG_LEVEL: 'debug',
  },
};

/** Everything a run needs, started once. */
export interface Stack {
  readonly image: Image;
  readonly servers: Servers;
  readonly control: ControlServer;
  readonly apis: readonly Service[];
  readonly workers: readonly Service[];
  readonly status: Service;
  readonly services: readonly Service[];
  /** The suite's own ways in, which no fault but a restart touches. */
  readonly admin: pg.Pool;
  readonly writers: pg.Pool;
  readonly asApi: pg.Pool;
  readonly redis: Redis | Cluster;
  /** What lies between the suite's own client and Redis. */
  readonly toRedis: SocketProxy;
  readonly producer: Producer;
  stop(): Promise<void>;
}

const truncating = { TRUNCATE_FROM_BYTES: '0' };

export interface StackOptions {
  readonly patches?: readonly Patch[];
  readonly redis?: RedisKind;
  readonly log: (line: string) => void;
  readonly onCrash: ServiceOptions['onCrash'];
}

export async function startStack(control: ControlOptions, options: StackOptions): Promise<Stack> {
  const parent = path.join(projectRoot, '.test');
  await clearLeftovers(parent, options.log);
  const folder = path.join(parent, `chaos-${process.pid}`);
  const lock = await acquireDataLock(folder);
  const image = makeImage(path.join(folder, 'image'), options.patches);
  const single = await startServers(folder, lock.record);
  const servers =
    options.redis === 'cluster' ? await onCluster(single, folder, lock.record) : single;
  await image.migrate(servers.databaseUrl);
  const line = await startControl(control);

  const pool = (url: string, max: number): pg.Pool => {
    const made = createPool({ url, applicationName: 'chaos', max, onIdleError: () => {} });
    // Between a client's connecting and its first use nobody listens, and a Postgres that shuts down
    // just then would end this process.
    made.on('connect', (client) => client.on('error', () => undefined));
    return made;
  };
  const admin = pool(servers.databaseUrl, 10);
  await installAudit(admin);
  const { url: ownUrl, proxy: toRedis } = await servers.wayToRedis();
  const redis = servers.openRedis(ownUrl);
  redis.on('error', () => undefined);

  const proxies: SocketProxy[] = [toRedis];
  const [apiUrl, statusUrl] = [await freeUrl(), await freeUrl()];
  const make = async (
    kind: Kind,
    name: string,
    url: string,
    more: NodeJS.ProcessEnv = {},
  ): Promise<Service> => {
    const postgres = await startProxy(servers.postgresPort);
    const { url: redisUrl, proxy: redisProxy } = await servers.wayToRedis();
    proxies.push(postgres, redisProxy);
    const env = serviceSettings(kind, Number(new URL(url).port), {
      databaseUrl: withPort(servers.databaseUrl, postgres.port),
      redisUrl,
      apiPublicUrl: apiUrl,
      statusPublicUrl: statusUrl,
    });
    return createService({
      ...{ kind, name, url, image, controlPort: line.port, postgres, redis: redisProxy },
      env: { ...env, ...settings[kind], ...more },
      onSpawn: lock.record,
      onCrash: options.onCrash,
    });
  };
  const apis = [await make('api', 'api-1', apiUrl), await make('api', 'api-2', await freeUrl())];
  const workers = await Promise.all(
    [1, 2, 3].map(async (number) =>
      // The datasets are small: by default all would be cleared by DELETE.
      make('worker', `worker-${number}`, await freeUrl(), number === 1 ? {} : truncating),
    ),
  );
  const status = await make('status', 'status', statusUrl);
  const services = [...apis, ...workers, status];
  const killAll = (): void => {
    for (const service of services) service.signal('SIGKILL');
  };
  // Whatever ends this process, a frozen worker must not stay behind.
  process.once('exit', killAll);
  await Promise.all(services.map((service) => service.start()));
  options.log(
    `Stack of ${services.length} services started in ${path.relative(projectRoot, folder)}`,
  );

  const pools = [
    admin,
    pool(servers.databaseUrl, 60),
    pool(roleUrl(servers.databaseUrl, 'api'), 4),
  ];
  return {
    ...{ image, servers, control: line, apis, workers, status, services, admin, redis, toRedis },
    writers: pools[1] as pg.Pool,
    asApi: pools[2] as pg.Pool,
    producer: createProducer(redis, () => undefined),
    async stop() {
      killAll();
      await Promise.all(services.map((service) => service.ended()));
      line.close();
      for (const proxy of proxies) proxy.close();
      redis.disconnect();
      await Promise.all(pools.map((it) => it.end()));
      await servers.stop();
      rmSync(folder, { recursive: true, force: true });
      await lock.release();
    },
  };
}

async function freeUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`;
}

function withPort(url: string, port: number): string {
  const moved = new URL(url);
  moved.port = String(port);
  return moved.href;
}

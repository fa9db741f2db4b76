import { createOwner, issueKey } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { freePort, type ServiceName, serviceSettings } from '@kasabi/local';
import type pg from 'pg';
import { type Running, startBaseline, startProduct } from './processes.ts';
import type { Servers } from './servers.ts';

/** A database of one part of the benchmark, with an owner and datasets, and the processes beside it. */
export interface World {
  readonly servers: Servers;
  readonly pool: pg.Pool;
  readonly databaseUrl: string;
  /** A key of the datasets' owner. */
  readonly key: string;
  /** Short codes. */
  readonly datasets: readonly string[];
  product(name: ServiceName, env?: NodeJS.ProcessEnv): Promise<Running>;
  /** `listens`: it is ready when it takes connections. */
  baseline(name: string, listens: boolean, extra?: object): Promise<Running>;
  /** Ends what was started and is still running. */
  stop(): Promise<void>;
}

// Everything counts as in production. What a client may ask for is set so high that the benchmark, which is
// one client with one key, never reaches it.
const neverReached: Record<ServiceName, NodeJS.ProcessEnv> = {
  api: {
    ...{ RATE_LIMIT_PER_MINUTE: '1000000', MAX_OPEN_JOBS_PER_DATASET: '1000000' },
    ...{ MAX_LAG_MS: '60000', MAX_QUEUED: '1000000' },
  },
  status: { RATE_LIMIT_PER_MINUTE: '1000000', MAX_LAG_MS: '60000', MAX_QUEUED: '1000000' },
  worker: {},
  operations: {},
};

/** Opens the operations page. */
export const operatorPassword = 'an-operators-password';

export interface WorldOptions {
  /** Names the database, too. */
  readonly name: string;
  readonly datasets: number;
  /** Name of the service that writes a processor profile. */
  readonly profile: string | undefined;
}

export async function createWorld(servers: Servers, options: WorldOptions): Promise<World> {
  const { url: databaseUrl, pool } = await servers.createDatabase(`bench_${options.name}`);
  const owner = 'owner';
  await createOwner(pool, owner);
  const { secret: key } = await issueKey(pool, owner);
  const datasets = Array.from({ length: options.datasets }, (_, index) => `dataset-${index + 1}`);
  for (const code of datasets) await createDataset(pool, { code, owner });
  const ports = {
    ...{ api: await freePort(), status: await freePort() },
    operations: await freePort(),
  };
  const surroundings = {
    ...{ databaseUrl, redisUrl: servers.redisUrl },
    apiPublicUrl: `http://127.0.0.1:${ports.api}`,
    statusPublicUrl: `http://127.0.0.1:${ports.status}`,
    operatorPassword,
  };
  const { folder, onSpawn } = servers;
  const starting = { folder, onSpawn, profile: options.profile };
  const running: Running[] = [];
  const noted = (process: Running): Running => {
    running.push(process);
    return process;
  };
  return {
    ...{ servers, pool, databaseUrl, key, datasets },
    async product(name, env = {}) {
      const port = name === 'worker' ? await freePort() : ports[name];
      const settings = serviceSettings(name, port, surroundings);
      return noted(
        await startProduct(name, port, { ...settings, ...neverReached[name], ...env }, starting),
      );
    },
    async baseline(name, listens, extra = {}) {
      const settings = { databaseUrl, redisUrl: servers.redisUrl, ...extra };
      return noted(await startBaseline(name, settings, { ...starting, listens }));
    },
    async stop() {
      await Promise.all(running.map((process) => process.stop()));
      await servers.redis.flushall();
    },
  };
}

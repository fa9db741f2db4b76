import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  acquireDataLock,
  type ManagedProcess,
  projectRoot,
  startPostgres,
  startRedis,
} from '@kasabi/local';
import { createPool, migrate } from '@kasabi/postgres';
import { Redis } from 'ioredis';
import type pg from 'pg';

/** The Postgres and the Redis of a run, as durable as their defaults: a commit waits for the disk. */
export interface Servers {
  /** Folder of everything the run writes. */
  readonly folder: string;
  readonly redisUrl: string;
  readonly redis: Redis;
  readonly pids: { readonly postgres: number; readonly redis: number };
  readonly onSpawn: (process: ManagedProcess) => void;
  /** A fresh, migrated database with a superuser's pool, which `stop` ends. */
  createDatabase(name: string): Promise<{ readonly url: string; readonly pool: pg.Pool }>;
  stop(): Promise<void>;
}

const template = 'template_of_bench';

/** Starts both in a folder of their own, with the settings of the local stack and nothing tuned. */
export async function startServers(log: (line: string) => void): Promise<Servers> {
  const folder = path.join(projectRoot, '.test', `bench-${process.pid}`);
  mkdirSync(path.dirname(folder), { recursive: true, mode: 0o711 });
  const lock = await acquireDataLock(folder);
  const spawned: ManagedProcess[] = [];
  const onSpawn = (managed: ManagedProcess): void => {
    spawned.push(managed);
    lock.record(managed);
  };
  // However this process ends, nothing stays behind.
  const clear = (): void => {
    for (const { pid } of spawned.filter((it) => it.exit === undefined))
      process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', clear);
  const postgres = await startPostgres({ dir: path.join(folder, 'postgres'), onSpawn });
  const redisServer = await startRedis({ dir: path.join(folder, 'redis'), log, onSpawn });
  const redis = new Redis(redisServer.url);
  const pools: pg.Pool[] = [];

  const open = (database: string): { url: string; pool: pg.Pool } => {
    const url = new URL(postgres.url);
    url.pathname = `/${database}`;
    const pool = createPool({
      url: url.href,
      applicationName: 'bench',
      max: 20,
      onIdleError: () => undefined,
    });
    pools.push(pool);
    return { url: url.href, pool };
  };
  const admin = open('postgres').pool;
  await admin.query(`CREATE DATABASE ${template}`);
  const templateUrl = new URL(postgres.url);
  templateUrl.pathname = `/${template}`;
  await migrate({ databaseUrl: templateUrl.href });

  return {
    folder,
    redisUrl: redisServer.url,
    redis,
    pids: { postgres: postgres.pid, redis: redisServer.pid },
    onSpawn,
    async createDatabase(name) {
      await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
      return open(name);
    },
    async stop() {
      redis.disconnect();
      await Promise.all(pools.map((pool) => pool.end()));
      await redisServer.stop();
      await postgres.stop();
      process.off('exit', clear);
      clear();
      await lock.release();
    },
  };
}

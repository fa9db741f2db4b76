import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  acquireDataLock,
  endLeftovers,
  lockHolder,
  projectRoot,
  startPostgres,
  startRedis,
} from '@kasabi/local';
import { migrate } from '@kasabi/postgres';
import pg from 'pg';
import { leftConnections, templateDatabase } from './database.ts';
import { endLeftProcesses } from './left-processes.ts';
import { leftClients, redisDatabases, withRedis } from './redis.ts';

/** The Postgres and the Redis of one test run. */
export interface TestServers {
  readonly databaseUrl: string;
  readonly postgresPid: number;
  readonly redisUrl: string;
  /** Folder for whatever the run writes. */
  readonly folder: string;
  /** Describes every connection to either server that is still open. */
  openConnections(): Promise<string[]>;
  /** Stops both and removes the folder. */
  stop(): Promise<void>;
}

const parent = path.join(projectRoot, '.test');

/**
 * Starts a private Postgres with a migrated template database, and a private Redis, in a folder of their
 * own; clears away what a killed run has left.
 */
export async function startServers(
  runId: string,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<TestServers> {
  mkdirSync(parent, { recursive: true, mode: 0o711 });
  await clearLostRuns(log);
  const folder = path.join(parent, runId);
  const lock = await acquireDataLock(folder);
  const onSpawn = lock.record;
  const [postgres, redis] = await Promise.allSettled([
    startPostgres({ dir: path.join(folder, 'postgres'), ephemeral: true, signal, onSpawn }),
    startRedis({
      dir: path.join(folder, 'redis'),
      databases: redisDatabases,
      log,
      signal,
      onSpawn,
    }),
  ]);
  const stop = async (): Promise<void> => {
    for (const server of [redis, postgres]) {
      if (server.status === 'fulfilled') await server.value.stop();
    }
    rmSync(folder, { recursive: true, force: true });
    await lock.release();
  };
  try {
    if (postgres.status === 'rejected') throw postgres.reason;
    if (redis.status === 'rejected') throw redis.reason;
    const [databaseUrl, redisUrl] = [postgres.value.url, redis.value.url];
    await makeTemplate(databaseUrl);
    return {
      databaseUrl,
      postgresPid: postgres.value.pid,
      redisUrl,
      folder,
      async openConnections() {
        const connections = await withClient(databaseUrl, (client) => leftConnections(client));
        const clients = await withRedis(redisUrl, (client) => leftClients(client));
        return [
          ...connections.map((it) => `Postgres connection ${it}`),
          ...clients.map((it) => `Redis client ${it}`),
        ];
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeTemplate(databaseUrl: string): Promise<void> {
  const url = new URL(databaseUrl);
  url.pathname = `/${templateDatabase}`;
  await withClient(databaseUrl, (client) => client.query(`CREATE DATABASE ${templateDatabase}`));
  await migrate({ databaseUrl: url.href });
  await withClient(databaseUrl, (client) =>
    client.query(
      `ALTER DATABASE ${templateDatabase} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true`,
    ),
  );
}

async function clearLostRuns(log: (line: string) => void): Promise<void> {
  for (const entry of readdirSync(parent).filter((name) => name.startsWith('run-'))) {
    const folder = path.join(parent, entry);
    if (lockHolder(folder) !== undefined) continue;
    const lock = await acquireDataLock(folder).catch(() => undefined);
    if (lock === undefined) continue;
    await endLeftProcesses(entry, 0);
    await endLeftovers(lock.leftovers, log);
    rmSync(folder, { recursive: true, force: true });
    await lock.release();
  }
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'test-runner' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

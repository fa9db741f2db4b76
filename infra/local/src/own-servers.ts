import path from 'node:path';
import { createPool } from '@kasabi/postgres';
import type { ManagedProcess } from './managed-process.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import type { Kept } from './restarts.ts';

export interface OwnServerOptions {
  readonly dataDir: string;
  readonly logDir: string;
  readonly port: number;
  readonly password: string;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  readonly onSpawn: (process: ManagedProcess) => void;
}

/** A server that belongs to the stack: its address, and how to start it again on the same port and data. */
export interface OwnServer extends Kept {
  readonly url: string;
}

const databaseName = 'kasabi';

/** Starts the stack's Postgres, and creates its database if it does not exist. */
export async function ownPostgres(options: OwnServerOptions): Promise<OwnServer> {
  const server = await startOwn('postgres', startPostgres, options);
  options.log(`Postgres is up on port ${options.port}`);
  const { url } = server;
  const pool = createPool({ url, applicationName: 'kasabi-local', max: 1, onIdleError: () => {} });
  try {
    const query = 'SELECT 1 FROM pg_database WHERE datname = $1';
    const { rowCount } = await pool.query(query, [databaseName]);
    if (rowCount === 0) await pool.query(`CREATE DATABASE ${databaseName}`);
  } finally {
    await pool.end();
  }
  return { ...server, url: new URL(databaseName, url).href };
}

/** Starts the stack's Redis. */
export async function ownRedis(options: OwnServerOptions): Promise<OwnServer> {
  const server = await startOwn('redis', startRedis, options);
  options.log(`Redis is up on port ${options.port}`);
  return server;
}

async function startOwn(
  name: string,
  startServer: typeof startPostgres | typeof startRedis,
  { dataDir, logDir, signal, ...options }: OwnServerOptions,
): Promise<OwnServer> {
  const logFile = path.join(logDir, `${name}.log`);
  const launch = (until: AbortSignal) =>
    startServer({ ...options, dir: path.join(dataDir, name), logFile, signal: until });
  const server = await launch(signal);
  const start = async (until: AbortSignal) => (await launch(until)).process;
  return { name, process: server.process, logFile, start, url: server.url };
}

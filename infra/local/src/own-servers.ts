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

/** A server of the stack's own: where it is, and how it is started again on the same port and data. */
export interface OwnServer extends Kept {
  readonly url: string;
}

const databaseName = 'kasabi';

/** Starts the stack's Postgres and makes its database, if that is not there yet. */
export async function ownPostgres(options: OwnServerOptions): Promise<OwnServer> {
  const { dataDir, logDir, port, password, log, onSpawn } = options;
  const [dir, logFile] = [path.join(dataDir, 'postgres'), path.join(logDir, 'postgres.log')];
  const launch = (signal: AbortSignal) =>
    startPostgres({ dir, logFile, port, password, log, signal, onSpawn });
  const server = await launch(options.signal);
  log(`Postgres is up on port ${port}`);
  await makeDatabase(server.url);
  const url = new URL(server.url);
  url.pathname = `/${databaseName}`;
  const start = async (signal: AbortSignal) => (await launch(signal)).process;
  return { name: 'postgres', process: server.process, logFile, start, url: url.href };
}

async function makeDatabase(url: string): Promise<void> {
  const pool = createPool({ url, applicationName: 'kasabi-local', max: 1, onIdleError: () => {} });
  try {
    const { rowCount } = await pool.query('SELECT 1 FROM pg_database WHERE datname = $1', [
      databaseName,
    ]);
    if (rowCount === 0) await pool.query(`CREATE DATABASE ${databaseName}`);
  } finally {
    await pool.end();
  }
}

/** Starts the stack's Redis. */
export async function ownRedis(options: OwnServerOptions): Promise<OwnServer> {
  const { dataDir, logDir, port, password, log, onSpawn } = options;
  const [dir, logFile] = [path.join(dataDir, 'redis'), path.join(logDir, 'redis.log')];
  const launch = (signal: AbortSignal) =>
    startRedis({ dir, logFile, port, password, log, signal, onSpawn });
  const server = await launch(options.signal);
  log(`Redis is up on port ${port}`);
  const start = async (signal: AbortSignal) => (await launch(signal)).process;
  return { name: 'redis', process: server.process, logFile, start, url: server.url };
}

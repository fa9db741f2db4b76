import path from 'node:path';
import { createPool, databaseNow } from '@kasabi/postgres';
import { freePostgresFolder } from './leftovers.ts';
import type { ManagedProcess } from './managed-process.ts';
import { freePort } from './ports.ts';
import { findPostgres } from './postgres-binary.ts';
import { postgresEnvironment, prepareCluster } from './postgres-cluster.ts';
import { asUser } from './postgres-user.ts';
import { handleOf, type ServerHandle, startUntilReady } from './ready-process.ts';
import { randomPassword } from './secrets.ts';

export interface StartPostgresOptions {
  /** The data folder; created if it does not exist. Its parent must exist. */
  readonly dir: string;
  readonly logFile?: string;
  /** A free one unless set. */
  readonly port?: number;
  /** The password of the superuser `postgres`. A random one unless set, which only fits a folder made by this call. */
  readonly password?: string;
  /** Trades durability for speed: for data that is thrown away. */
  readonly ephemeral?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onSpawn?: ((process: ManagedProcess) => void) | undefined;
}

/**
 * Starts a real Postgres on 127.0.0.1, and resolves when it accepts connections. The URL is that of the superuser, for
 * the database `postgres`.
 *
 * @throws PostgresUnusable if it cannot run here; ProcessFailed if it does not start.
 */
export async function startPostgres(options: StartPostgresOptions): Promise<ServerHandle> {
  const { dir, signal, onSpawn, ephemeral = false } = options;
  const password = options.password ?? randomPassword();
  const binaries = await findPostgres();
  await freePostgresFolder(dir);
  const user = await prepareCluster(binaries, { dir, password, ephemeral, signal });
  signal?.throwIfAborted();
  const port = options.port ?? (await freePort());
  const settings = [...serverSettings(port), ...(ephemeral ? withoutDurability : [])];
  const args = ['-D', path.resolve(dir), ...settings.flatMap((setting) => ['-c', setting])];
  const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
  const pool = createPool({
    url,
    target: 'any',
    applicationName: 'kasabi-local',
    max: 1,
    onIdleError: () => {},
  });
  try {
    const server = await startUntilReady({
      name: 'postgres',
      ...asUser(user, binaries.postgres, args),
      cwd: '/',
      env: postgresEnvironment(),
      logFile: options.logFile ?? `${path.resolve(dir)}.log`,
      onSpawn,
      isReady: async () => {
        try {
          await databaseNow(pool);
          return true;
        } catch (error) {
          // 28P01 is a wrong password: Postgres is up, and waiting does not help.
          if ((error as { code?: string }).code === '28P01') throw error;
          return false;
        }
      },
      // After a kill, Postgres replays its log before it accepts connections.
      readyWithinMs: 60_000,
      signal,
    });
    return handleOf(server, url);
  } finally {
    await pool.end();
  }
}

function serverSettings(port: number): string[] {
  return [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    // The default folder for sockets may not exist, or may belong to another user.
    'unix_socket_directories=',
    'max_connections=200',
    'timezone=UTC',
    'log_timezone=UTC',
    'log_line_prefix=%m [%p] %a ',
  ];
}

const withoutDurability = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  // Off by default; a test needs a prepared transaction of another session.
  'max_prepared_transactions=4',
];

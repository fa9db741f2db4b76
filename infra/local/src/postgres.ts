import path from 'node:path';
import { createPool } from '@kasabi/postgres';
import { ProcessFailed } from './errors.ts';
import { freePostgresFolder, postgresSteps } from './leftovers.ts';
import { logTail, type ManagedProcess, startProcess } from './managed-process.ts';
import { freePort } from './ports.ts';
import { findPostgres } from './postgres-binary.ts';
import { postgresEnvironment, prepareCluster } from './postgres-cluster.ts';
import type { ServerHandle } from './redis.ts';
import { randomPassword } from './secrets.ts';
import { waitUntil } from './wait-until.ts';

export interface StartPostgresOptions {
  /** Data folder; made if it is missing. Its parent must exist. */
  readonly dir: string;
  readonly logFile?: string;
  /** Unless set, a free one. */
  readonly port?: number;
  /** Of the superuser `postgres`. Unless set, a random one, which only fits a folder made by this call. */
  readonly password?: string;
  /** Gives durability up for speed; for data that is thrown away. */
  readonly ephemeral?: boolean;
  readonly log?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly onSpawn?: ((process: ManagedProcess) => void) | undefined;
}

/**
 * Starts a real Postgres on 127.0.0.1 and resolves when it takes connections. Its URL is the superuser's,
 * for the database `postgres`.
 *
 * @throws PostgresUnusable when it cannot run here; ProcessFailed when it does not start.
 */
export async function startPostgres(options: StartPostgresOptions): Promise<ServerHandle> {
  const { dir, signal } = options;
  const log = options.log ?? (() => {});
  const password = options.password ?? randomPassword();
  const ephemeral = options.ephemeral ?? false;
  const binaries = await findPostgres();
  await freePostgresFolder(dir);
  const launcher = await prepareCluster(binaries, { dir, password, ephemeral, log, signal });
  signal?.throwIfAborted();
  const port = options.port ?? (await freePort());
  const logFile = options.logFile ?? `${path.resolve(dir)}.log`;
  const settings = ephemeral
    ? [...serverSettings(port), ...withoutDurability]
    : serverSettings(port);
  const [command = '', ...args] = [
    ...launcher.prefix,
    binaries.postgres,
    '-D',
    path.resolve(dir),
    ...settings.flatMap((setting) => ['-c', setting]),
  ];
  const server = await startProcess({
    name: 'postgres',
    command,
    args,
    cwd: '/',
    env: postgresEnvironment(),
    ...launcher.user,
    logFile,
    onSpawn: options.onSpawn,
  });
  const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
  let ready = false;
  try {
    ready = await acceptsConnections(url, server, signal);
  } finally {
    if (!ready) await server.stop(postgresSteps);
  }
  if (!ready) {
    throw new ProcessFailed(
      `Postgres did not start on port ${port}. Its log says:\n${logTail(logFile)}`,
    );
  }
  return {
    url,
    port,
    pid: server.pid,
    process: server,
    async stop(hurry) {
      await server.stop(postgresSteps, hurry);
    },
  };
}

function serverSettings(port: number): string[] {
  return [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    // The default folder for sockets may not exist or not be ours.
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
  // Off unless it is set; somebody's prepared transaction is among what the tests try.
  'max_prepared_transactions=4',
];

async function acceptsConnections(
  url: string,
  server: ManagedProcess,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const pool = createPool({ url, applicationName: 'kasabi-local', max: 1, onIdleError: () => {} });
  let refusal: unknown;
  try {
    const answered = await waitUntil(
      async () => {
        if (server.exit !== undefined) return true;
        refusal = await pool.query('SELECT 1').then(
          () => undefined,
          (error: unknown) => error,
        );
        // 28P01, a wrong password: it is up, and waiting does not help.
        return refusal === undefined || (refusal as { code?: string }).code === '28P01';
      },
      // Crash recovery after a kill replays the log before the first connection is taken.
      { timeoutMs: 60_000, everyMs: 20, signal },
    );
    if (refusal !== undefined && answered && server.exit === undefined) throw refusal;
    return answered && server.exit === undefined;
  } finally {
    await pool.end();
  }
}

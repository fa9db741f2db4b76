import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findOnPath, freePort, runCommand, startProcess } from '@kasabi/local';
import pg from 'pg';
import { environment } from './env.ts';
import { type Runnable, unpackNewer } from './newer-debian.ts';
import { waitFor } from './wait-for.ts';

/** There is no PgBouncer that keeps prepared statements, and none can be unpacked. */
export class PgBouncerMissing extends Error {
  readonly code = 'pgbouncer-missing';
}

/** What keeps prepared statements in transaction mode (PgBouncer's changelog). */
const oldest = [1, 21];

async function versionOf({ command, args }: Runnable): Promise<string> {
  const [version] = (await runCommand(command, [...args, '--version'], {})).split('\n');
  const [, major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(version ?? '') ?? []).map(Number);
  if (major > (oldest[0] ?? 0) || (major === oldest[0] && minor >= (oldest[1] ?? 0)))
    return version ?? '';
  throw new PgBouncerMissing(`${command} is ${version}, and older than ${oldest.join('.')}`);
}

/**
 * Finds a PgBouncer that keeps prepared statements: on the PATH, or unpacked from Debian's packages.
 *
 * @throws PgBouncerMissing
 */
async function findPgBouncer(log: (line: string) => void): Promise<Runnable> {
  const installed = findOnPath('pgbouncer', `${environment()['PATH']}:/usr/sbin`);
  if (installed !== undefined) {
    const binary = { command: installed, args: [] };
    const isNewEnough = await versionOf(binary).then(
      () => true,
      () => false,
    );
    if (isNewEnough) return binary;
  }
  return await unpackNewer({
    name: 'pgbouncer',
    file: 'usr/sbin/pgbouncer',
    packages: [
      'pgbouncer',
      'libevent-2.1-7t64',
      'libcares2',
      'libssl3t64',
      'libpam0g',
      'libsystemd0',
      'libzstd1',
      'libaudit1',
      'libcap2',
      'libcap-ng0',
    ],
    log,
    version: versionOf,
    missing: (reason) =>
      new PgBouncerMissing(`There is no PgBouncer of ${oldest.join('.')} or newer: ${reason}.`),
  });
}

export interface PgBouncerOptions {
  /** The superuser's URL of the Postgres behind it. */
  readonly databaseUrl: string;
  /** For its files; it must exist. */
  readonly folder: string;
  /** The passwords of the roles that log in by way of it. */
  readonly users: Readonly<Record<string, string>>;
  /** Settings that differ: `{ max_prepared_statements: '0' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly log?: (line: string) => void;
}

export interface PgBouncer {
  readonly port: number;
  readonly version: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts PgBouncer in transaction mode in front of a Postgres.
 *
 * @throws PgBouncerMissing where there is none.
 */
export async function startPgBouncer(options: PgBouncerOptions): Promise<PgBouncer> {
  const binary = await findPgBouncer(options.log ?? (() => undefined));
  const version = await versionOf(binary);
  const port = await freePort();
  const { hostname, port: postgresPort } = new URL(options.databaseUrl);
  const folder = path.join(options.folder, `pgbouncer-${port}`);
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o711 });
  const [config, users] = ['pgbouncer.ini', 'users.txt'].map((it) => path.join(folder, it)) as [
    string,
    string,
  ];
  const lines = Object.entries({
    ...{ listen_addr: '127.0.0.1', listen_port: String(port), unix_socket_dir: '' },
    ...{ auth_type: 'scram-sha-256', auth_file: users, pool_mode: 'transaction' },
    ...{ max_prepared_statements: '200', max_client_conn: '1000', default_pool_size: '20' },
    // Tests drop their databases.
    ...{ server_idle_timeout: '1', server_lifetime: '60', ...options.settings },
  }).map(([name, value]) => `${name} = ${value}`);
  const text = [
    '[databases]',
    `* = host=${hostname} port=${postgresPort}`,
    '[pgbouncer]',
    ...lines,
  ];
  writeFileSync(config, `${text.join('\n')}\n`, { mode: 0o644 });
  const logins = Object.entries(options.users).map(([name, it]) => `"${name}" "${it}"\n`);
  writeFileSync(users, logins.join(''), { mode: 0o644 });
  // It refuses to run as root.
  const asOther = process.geteuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const running = await startProcess({
    name: 'pgbouncer',
    command: binary.command,
    args: [...binary.args, config],
    env: {},
    cwd: '/',
    logFile: path.join(folder, 'pgbouncer.log'),
    ...asOther,
  });
  const [user, password] = Object.entries(options.users)[0] as [string, string];
  await waitFor(
    async () => {
      const client = new pg.Client({
        host: '127.0.0.1',
        port,
        user,
        password,
        database: 'template1',
      });
      try {
        await client.connect();
        return true;
      } catch {
        return false;
      } finally {
        await client.end();
      }
    },
    { what: 'PgBouncer to answer', timeoutMs: 10_000 },
  );
  return {
    ...{ port, version, pid: running.pid },
    async stop() {
      await running.stop([
        ['SIGTERM', 2_000],
        ['SIGKILL', 2_000],
      ]);
    },
  };
}

import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startPostgres } from '@kasabi/local';
import pg from 'pg';
import { type PrivateServer, serverOf } from './private-servers.ts';
import { waitFor } from './wait-for.ts';

/** A Postgres that follows another one, until it is promoted. */
export interface Standby extends PrivateServer {
  /** Resolves when it accepts writes. */
  promote(): Promise<void>;
}

export interface StandbyOptions {
  /** The folder to make for its data. Its parent must exist, and be open to other users. */
  readonly folder: string;
  /** Its name in the primary's `synchronous_standby_names`; `standby` unless set. */
  readonly name?: string;
  /** Further settings of the server. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Copies a running Postgres, and follows it from there. */
export async function startStandby(
  primary: Pick<PrivateServer, 'url' | 'folder'>,
  { folder, name = 'standby', settings = {} }: StandbyOptions,
): Promise<Standby> {
  await copyRunning(primary, folder);
  const { hostname, port, username, password } = new URL(primary.url);
  const conninfo = `host=${hostname} port=${port} user=${username} password=${password} application_name=${name}`;
  const lines = Object.entries({ primary_conninfo: conninfo, ...settings });
  appendFileSync(
    path.join(folder, 'postgresql.auto.conf'),
    lines.map(([setting, value]) => `${setting} = '${value}'\n`).join(''),
  );
  writeFileSync(path.join(folder, 'standby.signal'), '');
  execFileSync('chown', ['-R', `--reference=${primary.folder}`, folder]);
  const options = { dir: folder, ephemeral: true, password };
  const first = await startPostgres(options);
  const server = serverOf(first, folder, () => startPostgres({ ...options, port: first.port }));
  return {
    ...server,
    async promote() {
      await withClient(server.url, (client) => client.query('SELECT pg_promote(false)'));
      await waitFor(
        () =>
          withClient(server.url, async (client) => {
            const { rows } = await client.query('SELECT pg_is_in_recovery() AS recovering');
            return rows[0]?.recovering === false;
          }),
        { what: 'the standby to be the primary', timeoutMs: 30_000, everyMs: 20 },
      );
    },
  };
}

async function copyRunning(
  { url, folder }: Pick<PrivateServer, 'url' | 'folder'>,
  to: string,
): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(`ALTER SYSTEM SET wal_keep_size = '1GB'`);
    await client.query('SELECT pg_reload_conf()');
    await client.query(`SELECT pg_backup_start('copy', true)`);
    // Files come and go meanwhile; the log makes up for it.
    execFileSync('sh', ['-c', 'cp -a "$1" "$2" 2>/dev/null || true', 'sh', folder, to]);
    const { rows } = await client.query('SELECT labelfile FROM pg_backup_stop(false)');
    for (const name of ['postmaster.pid', 'postmaster.opts']) {
      rmSync(path.join(to, name), { force: true });
    }
    writeFileSync(path.join(to, 'backup_label'), rows[0]?.labelfile);
    chmodSync(to, 0o700);
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'test' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Sends a signal to all processes of a server. A frozen one is there for the network, which still accepts what is sent
 * to it.
 */
export function signalServer(pid: number, signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  for (const it of [String(pid), ...children]) {
    if (it === '') continue;
    try {
      process.kill(Number(it), signal);
    } catch {
      // It has just ended.
    }
  }
}

import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { environment } from './env.ts';
import { PostgresUnusable } from './errors.ts';
import type { PostgresBinaries } from './postgres-binary.ts';
import { asUser, choosePostgresUser, requireUserName, type User } from './postgres-user.ts';
import { runCommand } from './run-command.ts';

export interface ClusterOptions {
  /** The data folder of the cluster. Its parent must exist. */
  readonly dir: string;
  readonly password: string;
  /** Does not wait for the disk: for data that is thrown away. */
  readonly ephemeral: boolean;
  readonly signal?: AbortSignal | undefined;
}

const major = '18';

/** The environment of Postgres programs, without our own variables, above all without PGDATA and PGPORT. */
export function postgresEnvironment(): NodeJS.ProcessEnv {
  return { PATH: environment()['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}

/**
 * Makes the cluster if there is none, and returns the user to run Postgres as; undefined for this process's own user.
 * The cluster is made in another folder and moved when it is complete, so that a start that is killed leaves no
 * incomplete one.
 *
 * @throws PostgresUnusable if the folder has the data of another version or cannot be used.
 */
export async function prepareCluster(
  binaries: PostgresBinaries,
  options: ClusterOptions,
): Promise<User | undefined> {
  const { dir } = options;
  const versionFile = path.join(dir, 'PG_VERSION');
  if (!existsSync(versionFile)) return makeCluster(binaries, options);
  const found = readFileSync(versionFile, 'utf8').trim();
  if (found === major) return choosePostgresUser(binaries, dir);
  throw new PostgresUnusable(
    `${dir} was made by Postgres ${found}, and this is Postgres ${major}. Move that folder away to ` +
      'start with empty data, or set DATA_DIR to another folder.',
  );
}

async function makeCluster(
  binaries: PostgresBinaries,
  { dir, password, ephemeral, signal }: ClusterOptions,
): Promise<User | undefined> {
  const unfinished = `${dir}.new`;
  const passwordFile = `${dir}.password`;
  requireUserName();
  for (const left of [unfinished, passwordFile]) rmSync(left, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  try {
    const user = choosePostgresUser(binaries, unfinished);
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    if (user !== undefined) {
      for (const file of [unfinished, passwordFile]) chownSync(file, user.uid, user.gid);
    }
    const args = [
      `--pgdata=${unfinished}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
      ...(ephemeral ? ['--no-sync'] : []),
    ];
    // cwd is a folder that every user may enter, because an unprivileged user may not enter the present one.
    const { command, args: all, ...ids } = asUser(user, binaries.initdb, args);
    await runCommand(command, all, { cwd: '/', env: postgresEnvironment(), ...ids, signal });
    renameSync(unfinished, dir);
    return user;
  } finally {
    rmSync(passwordFile, { force: true });
    // With retries, because an initdb that was just aborted may still be writing.
    rmSync(unfinished, { recursive: true, force: true, maxRetries: 10 });
  }
}

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
import { projectRoot } from './paths.ts';
import type { PostgresBinaries } from './postgres-binary.ts';
import { chooseLauncher, type Launcher, nameForUser } from './postgres-user.ts';
import { runCommand } from './run-command.ts';

export interface ClusterOptions {
  /** Data folder of the cluster. Its parent must exist. */
  readonly dir: string;
  readonly password: string;
  /** Skips waiting for the disk; for data that is thrown away. */
  readonly ephemeral: boolean;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

const major = '18';

/** The environment of every Postgres program: nothing of ours, above all no PGDATA or PGPORT. */
export function postgresEnvironment(): NodeJS.ProcessEnv {
  return { PATH: environment()['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}

/**
 * Makes the cluster if there is none and says how to start Postgres on it. It is made beside its place
 * and moved there when it is complete, so that a start that is killed leaves no half of one.
 *
 * @throws PostgresUnusable when the folder holds another version's data or cannot be used.
 */
export async function prepareCluster(
  binaries: PostgresBinaries,
  options: ClusterOptions,
): Promise<Launcher> {
  const { dir } = options;
  const versionFile = path.join(dir, 'PG_VERSION');
  if (!existsSync(versionFile)) return makeCluster(binaries, options);
  const launcher = chooseLauncher(binaries, dir);
  const found = readFileSync(versionFile, 'utf8').trim();
  if (found === major) return launcher;
  throw new PostgresUnusable(
    `${dir} was made by Postgres ${found}, and this is Postgres ${major}. Move that folder away to ` +
      'start anew, or set DATA_DIR to another one.',
  );
}

async function makeCluster(binaries: PostgresBinaries, options: ClusterOptions): Promise<Launcher> {
  const { dir, password, signal } = options;
  const unfinished = `${dir}.new`;
  const passwordFile = `${dir}.password`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  try {
    const launcher = chooseLauncher(binaries, unfinished);
    rmSync(passwordFile, { force: true });
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    if (launcher.owner !== undefined) {
      for (const file of [unfinished, passwordFile]) {
        chownSync(file, launcher.owner.uid, launcher.owner.gid);
      }
    }
    const names = await nameForUser(path.join(projectRoot, '.cache'), options.log, signal);
    const [command = '', ...args] = [
      ...launcher.prefix,
      binaries.initdb,
      `--pgdata=${unfinished}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
      ...(options.ephemeral ? ['--no-sync'] : []),
    ];
    await runCommand(command, args, {
      // Any folder that every user may be in: the unprivileged one may not pass the present one.
      cwd: '/',
      env: { ...postgresEnvironment(), ...names },
      ...launcher.user,
      signal,
    });
    renameSync(unfinished, dir);
    return launcher;
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(unfinished, { recursive: true, force: true });
  }
}

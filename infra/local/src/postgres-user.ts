import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { findOnPath, findUnpacked, hasApt, unpackPackages } from './apt-packages.ts';
import { environment } from './env.ts';
import { PostgresUnusable } from './errors.ts';
import type { PostgresBinaries } from './postgres-binary.ts';

/** How to start a Postgres program as a user it accepts: it refuses to run as root. */
export interface Launcher {
  /** Who the data belongs to; undefined when it is this process's own user. */
  readonly owner?: User;
  /** Whom to spawn the command as; undefined when the prefix changes the user, or none is to change. */
  readonly user?: User;
  /** What comes before the program on the command line. */
  readonly prefix: readonly string[];
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Decides as whom Postgres runs on `dataDir`, an existing folder. Not root: as ourselves. Root: as the
 * folder's owner if that is another user, else as `nobody`, which every system has, so that no user has
 * to be made (initdb wants one that has a name). When that user cannot reach the programs or the folder,
 * say in a clone below /root, it is given one capability: to read what is not its own, or where that is
 * not enough (a container without that capability, a umask of 077) to use it.
 *
 * @throws PostgresUnusable saying what to do when Postgres can be run as nobody at all.
 */
export function chooseLauncher(binaries: PostgresBinaries, dataDir: string): Launcher {
  const self = process.geteuid?.() ?? 0;
  const owner = statSync(dataDir);
  if (self !== 0) {
    if (owner.uid === self) return { prefix: [] };
    throw new PostgresUnusable(
      `${dataDir} belongs to user ${owner.uid}, and this is user ${self}. Start as that user, as root ` +
        'if the folder was made as root, or with another DATA_DIR.',
    );
  }
  const user = owner.uid === 0 ? nobody() : { uid: owner.uid, gid: owner.gid };
  const direct: Launcher = { owner: user, user, prefix: [] };
  if (reaches(direct, binaries, dataDir)) return direct;
  const setpriv = findOnPath('setpriv', environment()['PATH'] ?? '');
  for (const capability of setpriv === undefined ? [] : ['dac_read_search', 'dac_override']) {
    const prefix = [setpriv ?? '', ...setprivOptions(user, capability)];
    const raised: Launcher = { owner: user, prefix };
    if (reaches(raised, binaries, dataDir)) return raised;
  }
  throw new PostgresUnusable(
    `Postgres does not run as root, and user ${user.uid}, as whom it would run, cannot reach ` +
      `${binaries.root} or ${dataDir}. Clone the project to a folder that others may pass ` +
      '(chmod o+x on the folders above it), run it as an ordinary user, or set DATABASE_URL to a server ' +
      'that runs already.',
  );
}

function setprivOptions(user: User, capability: string): string[] {
  return [
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    '--clear-groups',
    `--inh-caps=-all,+${capability}`,
    `--ambient-caps=-all,+${capability}`,
    // Without it access(2), by which Postgres checks its programs, disregards capabilities.
    '--securebits=+no_setuid_fixup',
  ];
}

function nobody(): User {
  const entry = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  if (entry === null) {
    throw new PostgresUnusable(
      'Postgres does not run as root, and this system has no user "nobody" to run it as. ' +
        'Start as an ordinary user, or set DATABASE_URL to a server that runs already.',
    );
  }
  return { uid: Number(entry[1]), gid: Number(entry[2]) };
}

/** Tries it, because the modes alone do not tell (access lists, security modules, containers). */
function reaches(
  launcher: Launcher,
  { postgres, initdb, root }: PostgresBinaries,
  dataDir: string,
): boolean {
  const script = 'cd "$1" && test -r "$2" && "$3" --version && "$4" --version';
  const files = [dataDir, path.join(root, 'share/postgresql/postgres.bki'), postgres, initdb];
  const [command = '', ...args] = [...launcher.prefix, '/bin/sh', '-c', script, 'sh', ...files];
  const tried = spawnSync(command, args, { ...launcher.user, cwd: '/', stdio: 'ignore' });
  return tried.status === 0;
}

/**
 * What initdb needs in its environment when this user has no name (`docker run --user 1234`): a library
 * that gives it one, unpacked from the distribution's packages. Empty for everyone else.
 *
 * @throws PostgresUnusable when that library is not to be had.
 */
export async function nameForUser(
  cacheDir: string,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<NodeJS.ProcessEnv> {
  try {
    userInfo();
    return {};
  } catch {
    // No entry in the user database.
  }
  const advice =
    'initdb refuses a user without a name. Start as a user that is in /etc/passwd, ' +
    'or set DATABASE_URL to a server that runs already';
  if (!hasApt()) throw new PostgresUnusable(`This user has no name, and ${advice}.`);
  const name = `nss-wrapper-${process.arch}`;
  const packages = ['libnss-wrapper'];
  const { root, libraryPath } =
    findUnpacked(cacheDir, name) ??
    (await unpackPackages({ cacheDir, name, packages, log, signal }).catch((error: Error) => {
      throw new PostgresUnusable(`${advice}. (libnss-wrapper: ${error.message})`);
    }));
  const folder = path.join(root, 'etc');
  mkdirSync(folder, { recursive: true });
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  const [passwd, group] = [path.join(folder, `passwd-${uid}`), path.join(folder, `group-${gid}`)];
  writeFileSync(passwd, `kasabi:x:${uid}:${gid}::/:/bin/sh\n`);
  writeFileSync(group, `kasabi:x:${gid}:\n`);
  const library = findOnPath('libnss_wrapper.so', libraryPath) ?? 'libnss_wrapper.so';
  return {
    LD_PRELOAD: library,
    LD_LIBRARY_PATH: libraryPath,
    NSS_WRAPPER_PASSWD: passwd,
    NSS_WRAPPER_GROUP: group,
  };
}

import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { PostgresUnusable } from './errors.ts';
import type { PostgresBinaries } from './postgres-binary.ts';

interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** A user to run Postgres as. */
export interface User extends Ids {
  /** Whether it gets the capability to reach files of others, because it cannot reach them otherwise. */
  readonly reachesAll: boolean;
}

/** `nobody` and `nogroup` on Debian and Ubuntu, so that no user has to be created. */
const nobody: Ids = { uid: 65_534, gid: 65_534 };

const orElse = 'or set DATABASE_URL to a Postgres that is already running.';

/** How to run a Postgres program as this user: what to spawn, and as whom. */
export function asUser(user: User | undefined, program: string, args: readonly string[]) {
  if (user === undefined) return { command: program, args };
  const { uid, gid, reachesAll } = user;
  if (!reachesAll) return { command: program, args, uid, gid };
  const capability = '-all,+dac_override';
  const options = [
    ...[`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'],
    ...[`--inh-caps=${capability}`, `--ambient-caps=${capability}`],
    // Without this access(2), with which Postgres checks its programs, ignores capabilities.
    '--securebits=+no_setuid_fixup',
  ];
  return { command: 'setpriv', args: [...options, program, ...args] };
}

/**
 * Chooses the user to run Postgres as, because Postgres refuses to run as root. Undefined for this process's own user.
 * For root, it is the owner of `dataDir`, an existing folder, or `nobody` if root owns that too. In a clone that others
 * may not enter, such as one below /root, that user gets a capability to reach it.
 *
 * @throws PostgresUnusable with what to do if that user cannot run Postgres here.
 */
export function choosePostgresUser(binaries: PostgresBinaries, dataDir: string): User | undefined {
  const self = process.geteuid?.() ?? 0;
  const { uid, gid } = statSync(dataDir);
  if (self !== 0) {
    if (uid === self) return undefined;
    throw new PostgresUnusable(
      `${dataDir} belongs to user ${uid}, and this is user ${self}. Start as that user, as root ` +
        'if the folder was made as root, or with another DATA_DIR.',
    );
  }
  const ids = uid === 0 ? nobody : { uid, gid };
  for (const reachesAll of [false, true]) {
    const user = { ...ids, reachesAll };
    if (reaches(user, binaries, dataDir)) return user;
  }
  throw new PostgresUnusable(
    `Postgres refuses to run as root, and user ${ids.uid}, which it would run as, cannot reach ` +
      `${binaries.root} or ${dataDir}. Have the clone and DATA_DIR in folders that other users may enter ` +
      `(below /opt, for example, not /root), start as an ordinary user, ${orElse}`,
  );
}

/** Tries it, because file modes alone do not decide (access lists, security modules, containers). */
function reaches(
  user: User,
  { postgres, initdb, root }: PostgresBinaries,
  dataDir: string,
): boolean {
  const script = 'cd "$1" && test -r "$2" && "$3" --version && "$4" --version';
  // The parent, because a new data folder still belongs to root.
  const files = [
    path.dirname(dataDir),
    path.join(root, 'share/postgresql/postgres.bki'),
    postgres,
    initdb,
  ];
  const { command, args, ...ids } = asUser(user, '/bin/sh', ['-c', script, 'sh', ...files]);
  return spawnSync(command, args, { ...ids, cwd: '/', stdio: 'ignore' }).status === 0;
}

/**
 * @throws PostgresUnusable if this process's user has no name (`docker run --user 1234`): initdb needs one.
 */
export function requireUserName(lookUp: () => unknown = userInfo): void {
  try {
    lookUp();
  } catch {
    throw new PostgresUnusable(
      `Postgres cannot make its data folder as a user without a name. Start as a user that is listed in /etc/passwd, ${orElse}`,
    );
  }
}

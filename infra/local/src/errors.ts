/** The password file in the data folder is unreadable. */
export class SecretsDamaged extends Error {
  readonly code = 'secrets-damaged';
}

/** A port that a setting names is in use by another program. */
export class PortTaken extends Error {
  readonly code = 'port-taken';
  constructor(setting: string, port: number) {
    super(
      `Port ${port} (${setting}) is in use by another program. ` +
        `Stop that program, set ${setting} to another port, or unset ${setting} to get a free one.`,
    );
  }
}

/** Another process runs on the same data folder. */
export class DataFolderInUse extends Error {
  readonly code = 'data-folder-in-use';
  constructor(
    folder: string,
    holder: { readonly pid: number; readonly since: string } | undefined,
  ) {
    const who = holder ? `pid ${holder.pid}, since ${holder.since}` : 'which is starting';
    super(
      `The data folder ${folder} is in use by another local stack (${who}). ` +
        `Stop that one with Ctrl-C in its terminal${holder ? ` or "kill ${holder.pid}"` : ''}, ` +
        'or run a second one beside it with a folder of its own: DATA_DIR=.data-2 npm start',
    );
  }
}

/** There is no Redis server, and no way to get one. */
export class RedisMissing extends Error {
  readonly code = 'redis-missing';
  constructor(reason: string) {
    super(
      `No Redis server: there is no redis-server or valkey-server on the PATH, and ${reason}. ` +
        'Install Redis 6.2 or newer (or Valkey) with your package manager, ' +
        'or set REDIS_URL to a server that is already running.',
    );
  }
}

/** Postgres cannot run here, or not on this data. */
export class PostgresUnusable extends Error {
  readonly code = 'postgres-unusable';
}

/** A process of the stack did not start, ended by itself, or does not end. */
export class ProcessFailed extends Error {
  readonly code = 'process-failed';
}

/** A command of the set-up (initdb, apt-get, dpkg-deb) failed. */
export class CommandFailed extends Error {
  readonly code = 'command-failed';
  constructor(outcome: string, output: string) {
    super(`${outcome}\n${output.trimEnd() || '(it printed nothing)'}`);
  }
}

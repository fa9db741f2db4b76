/** Stable names of the states in which Postgres does not do what it should. */
export const sickNames = [
  'unreachable',
  'starting-or-stopping',
  'login-refused',
  'database-missing',
  'too-many-connections',
  'read-only',
  'in-recovery',
  'not-a-standby',
  'disk-full',
  'out-of-memory',
  'limit-reached',
  'storage-failing',
  'schema-unknown',
  'pooler-unfit',
  'privilege-missing',
] as const;

export type SickName = (typeof sickNames)[number];

/** A state of Postgres, for operators. */
export interface SickState {
  readonly name: SickName;
  /** What is wrong: the part of the sentence after "Postgres". */
  readonly what: string;
  readonly todo: string;
}

interface Row extends Omit<SickState, 'name'> {
  /** SQLSTATEs, or their first two characters for a whole class (PostgreSQL manual, appendix A). */
  readonly states: readonly string[];
  /**
   * What is discarded with the connection that met it: that one alone, or all of the pool, since sessions keep
   * the settings they began with, and the address may lead to another server by now.
   */
  readonly discard: 'connection' | 'pool';
}

/**
 * The known states of a sick Postgres. All of them pass without a restart of ours: a failed statement may succeed
 * later, on another connection.
 */
export const sickStates: Readonly<Record<SickName, Row>> = {
  unreachable: {
    states: ['08'],
    discard: 'pool',
    what: 'does not answer',
    todo: 'Start Postgres, or check the network between it and the services.',
  },
  'starting-or-stopping': {
    states: ['57P01', '57P02', '57P03', '57P05'],
    discard: 'pool',
    what: 'is starting, stopping, or ends connections',
    todo: 'Wait until it has started; its log says what it is doing.',
  },
  'login-refused': {
    states: ['28'],
    discard: 'pool',
    what: 'refuses the login of a service',
    todo: "Check that the role of DATABASE_URL may log in with that password, that pg_hba.conf allows it, and that it may connect to the database. Postgres's log says which of these failed.",
  },
  'database-missing': {
    states: ['3D000', '57P04'],
    discard: 'pool',
    what: 'has no database with the name in DATABASE_URL',
    todo: 'Restore the database, or rename it back.',
  },
  'too-many-connections': {
    states: ['53300'],
    discard: 'connection',
    what: 'has no connection left',
    todo: 'See pg_stat_activity for what uses them; raise max_connections, or the limit of the role or database, or lower DATABASE_POOL_SIZE.',
  },
  'read-only': {
    states: ['25006'],
    discard: 'pool',
    what: 'is read-only',
    todo: 'Find out who set default_transaction_read_only (for the server, the database or the role) and why: a full disk, a migration. Undo it when that is over.',
  },
  'in-recovery': {
    states: [],
    discard: 'pool',
    what: 'is in recovery: a standby, which is read-only',
    todo: 'Promote it, or make the address of DATABASE_URL lead to the primary.',
  },
  'not-a-standby': {
    states: [],
    discard: 'pool',
    what: 'is not a standby, and DATABASE_URL asks for one',
    todo: 'Make the address of DATABASE_URL lead to a standby, or set target_session_attrs=prefer-standby there.',
  },
  'disk-full': {
    states: ['53100'],
    discard: 'connection',
    what: 'has no room left on its disk',
    todo: "Free space on Postgres's disk: old logs, WAL that a replication slot retains, temporary files.",
  },
  'out-of-memory': {
    states: ['53200'],
    discard: 'connection',
    what: 'is out of memory',
    todo: "Check the memory of Postgres's host: work_mem times connections, other processes, max_locks_per_transaction.",
  },
  'limit-reached': {
    states: ['53'],
    discard: 'connection',
    what: 'has reached a limit of its configuration',
    todo: "Postgres's log names the limit, such as temp_file_limit; raise it, or find out what needs so much.",
  },
  'storage-failing': {
    states: ['58', 'XX001', 'XX002'],
    discard: 'connection',
    what: 'cannot read or write its files',
    todo: "Check Postgres's disk and file system at once; its log names the file. If data is damaged, fail over to a standby or restore.",
  },
  'schema-unknown': {
    states: ['42P01', '42703', '42883', '3F000'],
    discard: 'connection',
    what: 'has a different schema from the one this version needs',
    todo: 'Run npm run admin -- migrate, or deploy the version that the schema belongs to.',
  },
  'pooler-unfit': {
    states: [],
    discard: 'connection',
    what: 'is reached through a pooler that cannot be used so',
    todo: 'Use PgBouncer 1.21 or newer with max_prepared_statements set (100 or more), and pooler=transaction in DATABASE_URL; or make DATABASE_URL lead to Postgres itself.',
  },
  'privilege-missing': {
    states: ['42501'],
    discard: 'connection',
    what: 'does not let the role of a service do what it needs to',
    todo: 'Run npm run admin -- migrate, which gives each role its privileges; check that DATABASE_URL names the role of the service.',
  },
};

/** The state that this SQLSTATE indicates, if any; the more specific entry wins. */
export function stateOfCode(code: string): SickName | undefined {
  const names = Object.keys(sickStates) as SickName[];
  return (
    names.find((name) => sickStates[name].states.includes(code)) ??
    names.find((name) => sickStates[name].states.includes(code.slice(0, 2)))
  );
}

/** What operators are told about a state. */
export function describeSick(name: SickName): SickState {
  const { what, todo } = sickStates[name];
  return { name, what, todo };
}

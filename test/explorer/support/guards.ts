/** What is replaced in one statement or function, where it stands exactly once. */
export interface Rewrite {
  readonly find: string;
  readonly replace: string;
}

export interface StatementRewrite extends Rewrite {
  /** The name the statement is prepared under, or how it begins when it has none. */
  readonly of: string;
}

export interface FunctionRewrite extends Rewrite {
  /** With its schema. */
  readonly of: string;
}

/** A condition that keeps a promise, and how it is switched off. */
export interface Guard {
  readonly statements?: readonly StatementRewrite[];
  readonly functions?: readonly FunctionRewrite[];
  /** DDL that switches it off, and back on. */
  readonly ddl?: { readonly off: string; readonly on: string };
}

// The parameters stay in use, or Postgres would not know their types.
const holder = {
  find: "job.status || '' = 'running' AND lease_holder = $2 AND attempt = $3",
  replace: "job.status || '' = 'running' AND $2::text <> '' AND $3::smallint > 0",
};
const holderOf = (event: string): Guard => ({ statements: [{ of: event, ...holder }] });

const ofFunction = (of: string, find: string, replace: string): Guard => ({
  functions: [{ of, find, replace }],
});
const ofStatement = (of: string, find: string, replace: string): Guard => ({
  statements: [{ of, find, replace }],
});

const rescueStatement = 'WITH lost AS';
const unlocked = 'AND locked_by = $2 AND ($3::bigint IS NULL OR fence = $3)';

export const guards = {
  'the status in claim': ofStatement('claim', "j.status || '' = 'scheduled'", 'true'),
  'the running job in claim': ofStatement(
    'claim',
    "running.status = 'running' LIMIT 1",
    'false LIMIT 1',
  ),
  'the unique index on running jobs': {
    ddl: {
      off: 'DROP INDEX kasabi.job_running',
      on: `DELETE FROM kasabi.job;
           CREATE UNIQUE INDEX job_running ON kasabi.job (dataset_id) WHERE status = 'running'`,
    },
  },
  'the order in claim': ofStatement(
    'claim',
    'ORDER BY earlier.start_time, earlier.id LIMIT 1) IS NULL',
    'ORDER BY earlier.start_time, earlier.id LIMIT 0) IS NULL',
  ),
  'the due time in claim': ofStatement('claim', 'AND j.due <= now()', ''),
  'the pause in claim': ofStatement(
    'claim',
    'p.dataset_id IS NULL OR p.dataset_id = j.dataset_id',
    'false',
  ),
  'the mark of claims under way': ofStatement(
    'claim',
    'FROM kasabi.pause WHERE false FOR KEY SHARE',
    'FROM kasabi.pause WHERE false',
  ),
  'the lease in confirmLease': holderOf('fence'),
  'the lease in complete': holderOf('complete'),
  'the lease in retry': holderOf('retry'),
  'the lease in release': holderOf('release'),
  'the lease in fail': holderOf('fail'),
  'the attempt in fail': ofStatement('fail', 'AND attempt = $3', 'AND $3::smallint > 0'),
  'the lease in heartbeat': {
    statements: [
      { of: 'heartbeat', find: "AND j.status || '' = 'running'", replace: '' },
      {
        of: 'heartbeat',
        find: 'AND j.lease_holder = given.holder AND j.attempt = given.attempt',
        replace: '',
      },
    ],
  },
  'the fence in clear': ofStatement(
    'enter-clearing',
    'AND locked_by = $2 AND fence = $3::bigint',
    'AND $2::uuid IS NOT NULL AND $3::bigint IS NOT NULL',
  ),
  'the advisory lock in clear': ofStatement(
    'enter-clearing',
    'pg_advisory_xact_lock_shared(1802661729, $1::integer)',
    '$1::integer',
  ),
  'the holder in unlock': ofStatement(
    'unlock-dataset',
    unlocked,
    'AND ($3::bigint IS NOT NULL OR locked_by = $2)',
  ),
  'the holder in unlock without a fence': ofStatement(
    'unlock-dataset',
    unlocked,
    'AND ($3::bigint IS NULL OR locked_by = $2 AND fence = $3)',
  ),
  'the unlocking without a fence': ofStatement(
    'unlock-dataset',
    unlocked,
    'AND locked_by = $2 AND fence = $3',
  ),
  'the lease in rescue': ofStatement(rescueStatement, 'AND j.lease_expires < now()', ''),
  'the held dataset in rescue': ofStatement(
    rescueStatement,
    'AND (j.id NOT IN (SELECT id FROM locked) OR j.id IN (SELECT id FROM free))',
    '',
  ),
  'the status in cancel': ofFunction('kasabi.cancel_job', "j.status || '' = 'scheduled'", 'true'),
  'the guard trigger': ofFunction(
    'kasabi.guard',
    'PERFORM kasabi.admit_write(TG_ARGV[0]::pg_catalog.int4);',
    '',
  ),
  'the storage mode in the guard': ofFunction(
    'kasabi.admit_write',
    "IF dataset.storage_mode = 'read-only' THEN",
    'IF false THEN',
  ),
  'the fence in the guard': ofFunction(
    'kasabi.admit_write',
    "IF dataset.storage_mode = 'read-only'\n       AND",
    'IF true OR',
  ),
  'the secret in the guard': ofFunction(
    'kasabi.admit_write',
    "pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.split_part(carried, ':', 3), 'UTF8'))\n           = dataset.lock_digest",
    'true',
  ),
  'the advisory lock in the guard': ofFunction(
    'kasabi.admit_write',
    'PERFORM pg_catalog.pg_advisory_xact_lock_shared(1802661729, guarded);',
    '',
  ),
  'the row lock in the guard': ofFunction(
    'kasabi.admit_write',
    'WHERE d.id = guarded FOR SHARE',
    'WHERE d.id = guarded',
  ),
  'the job in release_abandoned_lock': ofFunction(
    'kasabi.release_abandoned_lock',
    "j.id = holder AND j.status IN ('scheduled', 'running')",
    'false',
  ),
  'the holder in release_abandoned_lock': ofFunction(
    'kasabi.release_abandoned_lock',
    'AND d.locked_by = holder',
    '',
  ),
} as const satisfies Record<string, Guard>;

export type GuardName = keyof typeof guards;

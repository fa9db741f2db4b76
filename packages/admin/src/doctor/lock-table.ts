import type { Database } from '@kasabi/postgres';
import { type Check, judge } from './check.ts';

/** Room for the locks of everybody else while a dump has its own. */
const margin = 1.25;

/**
 * Whether a dump finds room in Postgres's lock table. `pg_dump` locks all tables that it dumps at once, and each
 * dataset has one. The table has room for max_locks_per_transaction locks of each process that Postgres may have
 * (https://www.postgresql.org/docs/18/runtime-config-locks.html).
 */
export async function checkLockTable(db: Database): Promise<Check> {
  const { rows } = await db.query<{ tables: number; perProcess: number; processes: number }>(
    `SELECT (SELECT count(*)::int FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema') AS tables,
            current_setting('max_locks_per_transaction')::int AS "perProcess",
            current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int
              + current_setting('autovacuum_worker_slots')::int + current_setting('max_worker_processes')::int
              + current_setting('max_wal_senders')::int AS processes`,
  );
  const { tables, perProcess, processes } = rows[0] as (typeof rows)[0];
  const what = `Room for ${perProcess * processes} locks; a dump takes ${tables}`;
  const needed = Math.ceil((tables * margin) / processes);
  if (needed <= perProcess) return judge('lock-table', what);
  // Twice as much: datasets become more, and Postgres has to be restarted for it.
  const todo = `Set max_locks_per_transaction=${2 * needed} and restart Postgres, a standby of it first.`;
  return judge('lock-table', `${what}, and others need some, too`, { status: 'warn', todo });
}

import { roleName } from '@kasabi/postgres';

/** The advisory lock class of dataset locks; the guard uses the same. */
export const LOCK_CLASS = 1_802_661_729;

/**
 * The advisory lock class that a worker holds shared while it works on a dataset for a job, so that the
 * waiting process can be identified; `kasabi.dataset_blockers` uses the same.
 */
export const WORK_CLASS = 1_802_661_731;

/** The dataset's quads: one table per dataset, so that clearing it changes only metadata. */
export function quadsTable(datasetId: number): string {
  return `store.quads_${datasetId}`;
}

/** The columns of a quads table. Terms are written as in N-Triples; the default graph is ''. */
export const quadColumns = ['subject', 'predicate', 'object', 'graph'] as const;

/**
 * The DDL of a dataset's table with its guard and grants. ENABLE ALWAYS: the guard also stops a session
 * with session_replication_role = replica, which skips ordinary triggers. One trigger for all statements,
 * because a session keeps memory for each. REPLICA IDENTITY FULL: quads have no key, and without an identity
 * Postgres refuses to delete from a published table. It costs nothing until the table is published.
 */
export function quadsTableDdl(datasetId: number): string {
  const table = quadsTable(datasetId);
  const guard = `guard_${datasetId}`;
  return `
    CREATE TABLE ${table} (
      subject text NOT NULL,
      predicate text NOT NULL,
      object text NOT NULL,
      graph text NOT NULL DEFAULT ''
    );
    CREATE TRIGGER ${guard} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${table}
      FOR EACH STATEMENT EXECUTE FUNCTION kasabi.guard(${datasetId});
    ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${guard}, REPLICA IDENTITY FULL;
    GRANT DELETE, TRUNCATE ON ${table} TO ${roleName('worker')};`;
}

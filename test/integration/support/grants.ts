import type { Role } from '@kasabi/postgres';
import pg from 'pg';

/** A right of a role, as GRANT and REVOKE write it. */
export interface Grant {
  /** `SELECT (id)`, `DELETE`, `EXECUTE`, `USAGE`. */
  readonly privilege: string;
  /** `kasabi.job`, `FUNCTION kasabi.cancel_job(…)`, `SCHEMA store`. */
  readonly object: string;
  /** A text that every statement in need of it contains. */
  readonly name: string;
}

const dataset = /\bstore\.quads_\d+\b/;

/** What a role may do, by grants to itself: on schemas, tables of any dataset alike, columns and functions. */
export async function readGrants(client: pg.ClientBase, role: string): Promise<Grant[]> {
  const { rows } = await client.query<Grant>(
    `WITH ours AS (SELECT oid, nspname, nspacl FROM pg_namespace WHERE nspname IN ('kasabi', 'store'))
     SELECT a.privilege_type AS privilege, 'SCHEMA ' || nspname AS object, nspname || '.' AS name
     FROM ours, aclexplode(nspacl) AS a WHERE a.grantee = $1::regrole
     UNION ALL
     SELECT a.privilege_type, c.oid::regclass::text, c.oid::regclass::text
     FROM pg_class c JOIN ours ON ours.oid = relnamespace, aclexplode(relacl) AS a WHERE a.grantee = $1::regrole
     UNION ALL
     SELECT format('%s (%I)', a.privilege_type, attname), attrelid::regclass::text, attrelid::regclass::text
     FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN ours ON ours.oid = relnamespace,
          aclexplode(attacl) AS a WHERE a.grantee = $1::regrole
     UNION ALL
     SELECT a.privilege_type, 'FUNCTION ' || p.oid::regprocedure, nspname || '.' || proname
     FROM pg_proc p JOIN ours ON ours.oid = pronamespace, aclexplode(proacl) AS a WHERE a.grantee = $1::regrole
     ORDER BY object, privilege`,
    [role],
  );
  // Datasets' tables are alike: one stands for all.
  const [one] = rows.flatMap(({ object }) => dataset.exec(object) ?? []);
  return rows.filter(({ object }) => !dataset.test(object) || object === one);
}

/** The statements that a role is refused, and the first word of why. */
export async function refused(
  client: pg.ClientBase,
  role: string,
  statements: readonly string[],
  stopAtFirst = false,
): Promise<string[]> {
  const found: string[] = [];
  for (const text of statements) {
    await client.query(`SAVEPOINT trying; SET LOCAL ROLE ${role}`);
    try {
      await client.query(explained(text));
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      if (error.code === '42501') found.push(`${error.message}: ${text}`);
      // Postgres asks for the right to TRUNCATE before it waits for the table, which autovacuum may be using; and for
      // that to call a function before the function finds that the session carries no lock.
      else if (!(error.code === '55P03' && /\bTRUNCATE\b/.test(text)) && error.code !== '25006')
        throw error;
    }
    await client.query('ROLLBACK TO SAVEPOINT trying');
    if (stopAtFirst && found.length > 0) break;
  }
  return found;
}

// EXPLAIN asks for every right that the statement needs. What it does not take is run.
const explained = (text: string): string =>
  explainable.test(text) ? `EXPLAIN (GENERIC_PLAN) ${text}` : text;

const explainable = /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b/i;

/**
 * What of the recorded statements needs rights on our objects, by role: each once, and those of different
 * datasets' tables as those of one.
 */
export function statementsOf(
  recorded: readonly (readonly [application: string, text: string])[],
  role: Role,
  table: string,
): string[] {
  const texts = recorded
    .filter(([application]) => application.includes(role))
    .map(([, text]) => text.replaceAll(new RegExp(dataset, 'g'), table))
    .filter((text) => /\b(kasabi|store)\./.test(text) && !/^\s*(SET|BEGIN)\b/.test(text))
    // A table that exists only in the transaction that restores a dataset.
    .filter((text) => !/\bstore\.restored_/.test(text));
  return [...new Set(texts)];
}

/**
 * Revokes each grant in turn: those that none of the statements needs. What is granted on a whole table counts
 * column by column.
 */
export async function needless(
  client: pg.ClientBase,
  role: string,
  statements: readonly string[],
): Promise<string[]> {
  const allowed = async ({ name }: Grant): Promise<boolean> => {
    const concerned = statements.filter((text) => text.includes(name));
    return (await refused(client, role, concerned, true)).length === 0;
  };
  for (const grant of await readGrants(client, role)) await expand(client, role, grant, allowed);
  const found: string[] = [];
  for (const grant of await readGrants(client, role)) {
    const { privilege, object } = grant;
    await client.query(`SAVEPOINT revoking; REVOKE ${privilege} ON ${object} FROM ${role}`);
    if (await allowed(grant)) found.push(`${privilege} ON ${object}`);
    await client.query('ROLLBACK TO SAVEPOINT revoking');
  }
  return found;
}

/** Grants on all columns what is granted on a whole table, unless a statement needs that: one that names ctid. */
async function expand(
  client: pg.ClientBase,
  role: string,
  grant: Grant,
  allowed: (grant: Grant) => Promise<boolean>,
): Promise<void> {
  const { privilege, object } = grant;
  if (!['SELECT', 'INSERT', 'UPDATE'].includes(privilege)) return;
  const { rows } = await client.query<{ columns: string }>(
    `SELECT string_agg(quote_ident(attname), ', ') AS columns FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
    [object],
  );
  await client.query(`SAVEPOINT expanding; REVOKE ${privilege} ON ${object} FROM ${role};
    GRANT ${privilege} (${rows[0]?.columns}) ON ${object} TO ${role}`);
  if (!(await allowed(grant))) await client.query('ROLLBACK TO SAVEPOINT expanding');
}

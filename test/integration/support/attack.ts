import { randomUUID } from 'node:crypto';
import { stateOf } from '@kasabi/test/support/store';
import pg from 'pg';

/** The SQLSTATE that planted code raises when somebody else than the one who planted it runs it. */
export const hijacked = 'ZZ001';

/** What an attacker can reach of a function that runs as its owner. */
interface Target {
  readonly signature: string;
  readonly oid: number;
  /** Statements that make it run; most are refused to most roles. */
  readonly statements: readonly string[];
}

/** A function that was attacked: the states its statements ended with, as all who tried together. */
export interface Attacked {
  readonly signature: string;
  readonly states: ReadonlySet<string>;
}

/**
 * Attacks every SECURITY DEFINER function of the database, as each of these roles: with types, functions,
 * operators and tables of the attacker's wherever Postgres may look for them, it runs each statement that
 * reaches one.
 */
export async function attackDefiners(url: string, roles: readonly string[]): Promise<Attacked[]> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    const targets = await findTargets(admin);
    const attacked = targets.map(({ signature }) => ({ signature, states: new Set<string>() }));
    for (const role of roles) {
      for (const path of ["''", 'DEFAULT', 'pg_temp, pg_catalog', 'evil, pg_temp, pg_catalog']) {
        const attacker = new pg.Client({ connectionString: url });
        await attacker.connect();
        try {
          await plant(admin, attacker, role);
          await attacker.query(`SET search_path = ${path}`);
          for (const [index, target] of targets.entries()) {
            for (const statement of target.statements) {
              await attacker.query('BEGIN');
              attacked[index]?.states.add(await stateOf(attacker.query(statement)));
              await attacker.query('ROLLBACK');
            }
          }
        } finally {
          await attacker.end();
          await admin.query('DROP SCHEMA IF EXISTS evil CASCADE');
        }
      }
    }
    return attacked;
  } finally {
    await admin.end();
  }
}

async function findTargets(admin: pg.Client): Promise<Target[]> {
  const { rows } = await admin.query<{
    oid: number;
    signature: string;
    name: string;
    trigger: boolean;
    types: string[];
    tables: string[];
  }>(`
    SELECT p.oid, p.oid::regprocedure::text AS signature, p.oid::regproc::text AS name,
           p.prorettype = 'trigger'::regtype AS trigger,
           ARRAY(SELECT format_type(type, NULL) FROM unnest(p.proargtypes) AS type) AS types,
           ARRAY(SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = p.oid) AS tables
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prosecdef AND n.nspname !~ '^(pg_|information_schema)'`);
  return rows.map(({ oid, signature, name, trigger, types, tables }) => ({
    oid,
    signature,
    statements: trigger ? tables.flatMap(writesOf) : callsOf(name, types),
  }));
}

const writesOf = (table: string): string[] => [
  `INSERT INTO ${table} SELECT * FROM ${table} WHERE false`,
  // Who may only insert may not read.
  `INSERT INTO ${table} SELECT FROM (VALUES (1)) AS one WHERE false`,
  `DELETE FROM ${table}`,
  `TRUNCATE ${table}`,
];

const samples: Readonly<Record<string, string>> = {
  integer: '1',
  bigint: '1',
  uuid: `'${randomUUID()}'`,
  text: "'a'",
  bytea: "'a'",
};

const callsOf = (name: string, types: readonly string[]): string[] => [
  `SELECT ${name}(${types.map((type) => `NULL::pg_catalog.${type}`).join()})`,
  `SELECT ${name}(${types.map((type) => samples[type] ?? 'NULL').join()})`,
];

/** Plants what raises `hijacked` under every name that a function of ours could mean. */
async function plant(admin: pg.Client, attacker: pg.Client, role: string): Promise<void> {
  await admin.query(`CREATE SCHEMA evil AUTHORIZATION ${role}`);
  await attacker.query(`SET ROLE ${role}`);
  for (const schema of ['evil', 'pg_temp']) {
    await attacker.query(`
      CREATE FUNCTION ${schema}.strike() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        IF current_user <> '${role}' THEN
          RAISE EXCEPTION 'code of ${role} runs as %', current_user USING ERRCODE = '${hijacked}';
        END IF;
        RETURN true;
      END $$;
      DO $$ DECLARE it record; BEGIN
        FOR it IN SELECT typname FROM pg_catalog.pg_type
                  WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype = 'b' AND typcategory <> 'A'
        LOOP EXECUTE format('CREATE DOMAIN ${schema}.%1$I AS pg_catalog.%1$I CHECK (${schema}.strike())', it.typname);
        END LOOP;
        -- Functions that ours call, and the operators of the types that ours compare.
        FOR it IN SELECT proname, pg_get_function_identity_arguments(p.oid) AS arguments,
                         format_type(prorettype, NULL) AS result
                  FROM pg_catalog.pg_proc p
                  WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND prorettype <> 'void'::regtype
                    AND EXISTS (SELECT FROM pg_catalog.pg_proc ours JOIN pg_catalog.pg_namespace n ON n.oid = ours.pronamespace
                                WHERE n.nspname !~ '^(pg_|information_schema)' AND ours.prosrc LIKE '%' || p.proname || '(%')
        LOOP BEGIN
          EXECUTE format('CREATE FUNCTION ${schema}.%I(%s) RETURNS pg_catalog.%s LANGUAGE plpgsql AS '
            '''BEGIN PERFORM ${schema}.strike(); RETURN NULL; END''', it.proname, it.arguments, it.result);
        EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP;
        FOR it IN SELECT oprname, format_type(oprleft, NULL) AS l, format_type(oprright, NULL) AS r,
                         format_type(oprresult, NULL) AS result, row_number() OVER () AS n
                  FROM pg_catalog.pg_operator
                  WHERE oprname IN ('=', '<>', '||', '+', '<', '>') AND oprleft <> 0
                    AND oprleft IN ('text'::regtype, 'int4'::regtype, 'int8'::regtype, 'uuid'::regtype, 'bytea'::regtype)
        LOOP BEGIN
          EXECUTE format('CREATE FUNCTION ${schema}.op_%s(pg_catalog.%s, pg_catalog.%s) RETURNS pg_catalog.%s LANGUAGE plpgsql AS '
            '''BEGIN PERFORM ${schema}.strike(); RETURN NULL; END''', it.n, it.l, it.r, it.result);
          EXECUTE format('CREATE OPERATOR ${schema}.%s (FUNCTION = ${schema}.op_%s, LEFTARG = pg_catalog.%s, RIGHTARG = pg_catalog.%s)',
            it.oprname, it.n, it.l, it.r);
        EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP;
        -- Views in the place of our tables: whoever reads one runs the attacker's function.
        FOR it IN SELECT relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
                  WHERE nspname = 'kasabi' AND relkind = 'r'
        LOOP EXECUTE format('CREATE ${schema === 'pg_temp' ? 'TEMPORARY' : ''} VIEW ${schema}.%I WITH (security_invoker) AS '
          'SELECT 1 AS id WHERE ${schema}.strike()', it.relname);
        END LOOP;
      END $$`);
  }
}

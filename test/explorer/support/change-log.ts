/** What the database notes of each change, in the transaction that makes it. */
export interface Change {
  readonly seq: number;
  readonly transaction: string;
  /** The application_name of the session that made it. */
  readonly session: string;
  /** When its transaction began, in milliseconds since the epoch. */
  readonly began: number;
  /** The table `job`, `dataset`, `pause` or `job_transition`, or `quads` for a dataset's table. */
  readonly of: string;
  readonly verb: 'INSERT' | 'UPDATE' | 'DELETE' | 'TRUNCATE';
  /** The row before and after; null where there is none, and for quads, which are noted by the statement. */
  readonly before: Row | null;
  readonly after: Row | null;
}

/** A row as JSON, times as text. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;

/**
 * The DDL of the log, by row for the tables of records and by statement for `quads`, and of a function that
 * reads what is in `quads` unless somebody has it to himself. No service may write the log.
 */
export const changeLogDdl = (quads: string): string => `
  CREATE SCHEMA explorer;
  CREATE TABLE explorer.change (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
    session text NOT NULL DEFAULT current_setting('application_name'),
    began float8 NOT NULL DEFAULT extract(epoch FROM now()) * 1000,
    "of" text NOT NULL, verb text NOT NULL, before jsonb, after jsonb
  );
  CREATE FUNCTION explorer.note() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    IF TG_LEVEL = 'STATEMENT' THEN
      INSERT INTO explorer.change ("of", verb) VALUES ('quads', TG_OP);
    ELSE
      INSERT INTO explorer.change ("of", verb, before, after)
      VALUES (TG_TABLE_NAME, TG_OP, to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
  END $$;
  CREATE FUNCTION explorer.subjects() RETURNS text LANGUAGE plpgsql AS $$
  BEGIN
    IF EXISTS (SELECT FROM pg_locks WHERE relation = '${quads}'::regclass
                 AND granted AND mode = 'AccessExclusiveLock') THEN
      RETURN NULL;
    END IF;
    RETURN (SELECT string_agg(subject, ' ' ORDER BY subject) FROM ${quads});
  END $$;
  ${['job', 'dataset', 'pause', 'job_transition']
    .map(
      (table) => `CREATE TRIGGER explorer_note AFTER INSERT OR UPDATE OR DELETE ON kasabi.${table}
        FOR EACH ROW EXECUTE FUNCTION explorer.note();`,
    )
    .join('\n')}
  CREATE TRIGGER explorer_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${quads}
    FOR EACH STATEMENT EXECUTE FUNCTION explorer.note();
  ${[
    'kasabi.job',
    'kasabi.dataset',
    'kasabi.pause',
    'kasabi.job_transition',
    'explorer.change',
    quads,
  ]
    .map((table) => `ALTER TABLE ${table} SET (autovacuum_enabled = off);`)
    .join('\n')}`;

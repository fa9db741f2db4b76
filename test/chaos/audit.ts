import { quadsTable } from '@kasabi/datasets';
import type pg from 'pg';

/**
 * Makes the database note every change of a job record and of a dataset's lock, in the transaction that
 * makes it. Rows of one job (or one dataset) are numbered under that row's lock, so their order is the
 * order of the commits. The functions run as their owner: no service may write here.
 */
const ddl = `
  CREATE SCHEMA chaos;
  CREATE TABLE chaos.audit (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    began timestamptz NOT NULL DEFAULT now(),
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    dataset_id integer NOT NULL,
    job_id uuid,
    before jsonb,
    after jsonb
  );
  CREATE INDEX audit_of_dataset ON chaos.audit (dataset_id, seq);

  CREATE FUNCTION chaos.note_job() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    INSERT INTO chaos.audit (dataset_id, job_id, before, after)
    VALUES (coalesce(NEW.dataset_id, OLD.dataset_id), coalesce(NEW.id, OLD.id),
            to_jsonb(OLD), to_jsonb(NEW));
    RETURN NULL;
  END $$;
  CREATE TRIGGER chaos_note AFTER INSERT OR UPDATE OR DELETE ON kasabi.job
    FOR EACH ROW EXECUTE FUNCTION chaos.note_job();

  CREATE FUNCTION chaos.note_dataset() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    INSERT INTO chaos.audit (dataset_id, before, after)
    VALUES (NEW.id, to_jsonb(OLD), to_jsonb(NEW));
    RETURN NULL;
  END $$;
  CREATE TRIGGER chaos_note AFTER UPDATE ON kasabi.dataset
    FOR EACH ROW EXECUTE FUNCTION chaos.note_dataset();

  -- A statement that would change a record that has ended. The record's constraints may well refuse it,
  -- so it is counted by a sequence, which no rollback takes back.
  CREATE FUNCTION chaos.note_revival() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM nextval(format('chaos.revived_%s', OLD.dataset_id)::regclass);
    RETURN NEW;
  END $$;
  CREATE TRIGGER chaos_revival BEFORE UPDATE ON kasabi.job
    FOR EACH ROW WHEN (OLD.end_time IS NOT NULL) EXECUTE FUNCTION chaos.note_revival();

  -- A statement that the guard let through although it should not have. It is counted by a sequence,
  -- because the transaction may well be rolled back by a later check, and a sequence is not. The guard
  -- still holds its locks here, so the registry row cannot have changed since the guard read it.
  CREATE FUNCTION chaos.judge_statement() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    written constant integer := TG_ARGV[0];
    carried constant text := current_setting('kasabi.fence', true);
    dataset record;
  BEGIN
    SELECT d.storage_mode, d.fence, d.lock_digest INTO STRICT dataset
      FROM kasabi.dataset d WHERE d.id = written;
    IF carried IS NOT NULL AND split_part(carried, ':', 1) = written::text THEN
      IF dataset.storage_mode = 'read-only'
         AND carried = concat_ws(':', written, dataset.fence, split_part(carried, ':', 3))
         AND sha256(convert_to(split_part(carried, ':', 3), 'UTF8')) = dataset.lock_digest THEN
        RETURN NULL;
      END IF;
    ELSIF dataset.storage_mode = 'read-write' THEN
      RETURN NULL;
    END IF;
    PERFORM nextval(format('chaos.unentitled_%s', written)::regclass);
    RETURN NULL;
  END $$;

  -- A statement of a worker that carries an old fence, before the guard sees it: the worker should have
  -- noticed by itself, in its transaction's first statement.
  CREATE FUNCTION chaos.note_arrival() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    written constant integer := TG_ARGV[0];
  BEGIN
    IF current_setting('application_name') = 'kasabi-worker' AND NOT EXISTS (
      SELECT FROM kasabi.dataset d WHERE d.id = written AND d.storage_mode = 'read-only'
        AND current_setting('kasabi.fence', true) LIKE concat(written, ':', d.fence, ':%'))
    THEN
      PERFORM nextval(format('chaos.unverified_%s', written)::regclass);
    END IF;
    RETURN NULL;
  END $$;`;

export async function installAudit(pool: pg.Pool): Promise<void> {
  await pool.query(ddl);
}

/** Watches the statements on a dataset's table. */
export async function watchTable(pool: pg.Pool, datasetId: number): Promise<void> {
  const table = quadsTable(datasetId);
  await pool.query(`
    CREATE SEQUENCE chaos.unentitled_${datasetId};
    CREATE SEQUENCE chaos.unverified_${datasetId};
    CREATE SEQUENCE chaos.revived_${datasetId};
    -- By its name it fires before the guard.
    CREATE TRIGGER chaos_arrival BEFORE INSERT OR UPDATE OR DELETE ON ${table}
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_arrival(${datasetId});
    CREATE TRIGGER chaos_arrival_truncate BEFORE TRUNCATE ON ${table}
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_arrival(${datasetId});
    CREATE TRIGGER chaos_judge AFTER INSERT OR UPDATE OR DELETE ON ${table}
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.judge_statement(${datasetId});
    CREATE TRIGGER chaos_judge_truncate AFTER TRUNCATE ON ${table}
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.judge_statement(${datasetId});`);
}

-- What a restore does that the worker's role may not: it makes a table beside the dataset's, and puts it in its place.
-- All in one transaction, so that nothing is left of an attempt that was lost: see packages/datasets/src/restore.ts.

-- Up Migration

-- Whether nothing has been made of a dataset's table since it was created with it: no index, view or policy, and no
-- publication has it. Only then can another table take its place, and is nobody told of the rows beside it.
CREATE FUNCTION kasabi.is_plain_table(dataset pg_catalog.int4) RETURNS pg_catalog.bool
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.relnatts = 4 AND c.reloptions IS NULL AND c.reltablespace = 0 AND c.relpersistence = 'p'
    AND c.relreplident = 'f'
    AND NOT EXISTS (SELECT FROM pg_publication WHERE puballtables)
    AND NOT EXISTS (SELECT FROM pg_publication_namespace WHERE pnnspid = c.relnamespace)
    AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL)
    AND NOT EXISTS (
      SELECT FROM pg_depend d
      LEFT JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND t.oid = d.objid
      LEFT JOIN pg_constraint n ON d.classid = 'pg_constraint'::regclass AND n.oid = d.objid
      WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
        AND d.classid NOT IN ('pg_type'::regclass, 'pg_attrdef'::regclass)
        AND d.deptype <> 'i'
        AND t.tgname IS DISTINCT FROM format('guard_%s', dataset)
        AND n.contype IS DISTINCT FROM 'n')
  FROM pg_class c WHERE c.oid = format('store.quads_%s', dataset)::regclass
$$;

-- The table beside a dataset's, for the job that holds this lock.
CREATE FUNCTION kasabi.restored_table(dataset pg_catalog.int4, lock_fence pg_catalog.int8) RETURNS pg_catalog.text
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT format('store.restored_%s_%s', dataset, lock_fence)
$$;

-- Makes that table, which the worker's role may insert into, and returns its name. No lock is waited for or kept; the
-- name has the fence, so that the uncommitted one of an attempt that was lost is in nobody's way.
CREATE FUNCTION kasabi.begin_restore(
  dataset pg_catalog.int4, lock_fence pg_catalog.int8, secret pg_catalog.text)
RETURNS pg_catalog.text
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  beside constant text := kasabi.restored_table(dataset, lock_fence);
BEGIN
  IF NOT EXISTS (
    SELECT FROM kasabi.dataset d
    WHERE d.id = begin_restore.dataset AND d.storage_mode = 'read-only' AND d.fence = lock_fence
      AND d.lock_digest = sha256(convert_to(secret, 'UTF8')))
  THEN
    RAISE EXCEPTION 'dataset % is not locked with fence %', dataset, lock_fence
      USING ERRCODE = 'read_only_sql_transaction';
  END IF;
  -- Rows of an unlogged table are published to nobody.
  EXECUTE format('CREATE %s TABLE %s (LIKE store.quads_%s INCLUDING DEFAULTS)',
    CASE WHEN kasabi.is_plain_table(dataset) THEN '' ELSE 'UNLOGGED' END, beside, dataset);
  EXECUTE format('GRANT INSERT ON %s TO kasabi_worker', beside);
  RETURN beside;
END $$;

-- Admits only the session that carries this lock: unlike the guard, it refuses one that carries none.
CREATE FUNCTION kasabi.admit_restore(dataset pg_catalog.int4, lock_fence pg_catalog.int8) RETURNS pg_catalog.void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF starts_with(current_setting('kasabi.fence', true), format('%s:%s:', dataset, lock_fence)) IS NOT TRUE THEN
    RAISE EXCEPTION 'the session does not carry fence % of dataset %', lock_fence, dataset
      USING ERRCODE = 'read_only_sql_transaction';
  END IF;
  PERFORM kasabi.admit_write(dataset);
END $$;

-- Puts the table in the place of the dataset's, which is dropped. It needs the dataset's table for itself; how long it
-- waits for that is for the caller to say. 55000 where the dataset's table cannot be replaced.
CREATE FUNCTION kasabi.swap_restored(dataset pg_catalog.int4, lock_fence pg_catalog.int8) RETURNS pg_catalog.void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target constant text := format('store.quads_%s', dataset);
  beside constant text := kasabi.restored_table(dataset, lock_fence);
  replaceable bool := false;
  granted record;
BEGIN
  PERFORM kasabi.admit_restore(dataset, lock_fence);
  -- Before the lock, which makes readers wait, if that is known already.
  IF (SELECT relpersistence = 'p' FROM pg_class WHERE oid = beside::regclass) THEN
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', target);
    replaceable := kasabi.is_plain_table(dataset);
  END IF;
  IF NOT replaceable THEN
    RAISE EXCEPTION '% has more than it was created with', target
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  EXECUTE format('REVOKE INSERT ON %s FROM kasabi_worker', beside);
  -- What the platform has granted to its own roles goes on to hold.
  FOR granted IN
    SELECT a.privilege_type, a.is_grantable,
           CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee
    FROM pg_class c, aclexplode(c.relacl) AS a
    WHERE c.oid = target::regclass AND a.grantee <> c.relowner
  LOOP
    EXECUTE format('GRANT %s ON %s TO %s %s', granted.privilege_type, beside, granted.grantee,
      CASE WHEN granted.is_grantable THEN 'WITH GRANT OPTION' ELSE '' END);
  END LOOP;
  EXECUTE format('DROP TABLE %s', target);
  EXECUTE format('ALTER TABLE %s RENAME TO quads_%s', beside, dataset);
  -- As packages/datasets/src/tables.ts makes a new one; a test compares the two.
  EXECUTE format(
    'CREATE TRIGGER guard_%1$s BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %2$s
       FOR EACH STATEMENT EXECUTE FUNCTION kasabi.guard(%1$s)', dataset, target);
  EXECUTE format('ALTER TABLE %2$s ENABLE ALWAYS TRIGGER guard_%1$s, REPLICA IDENTITY FULL', dataset, target);
END $$;

-- Replaces the rows of the dataset's table instead, row by row: slower, but beside readers, who see it with the commit.
CREATE FUNCTION kasabi.copy_restored(dataset pg_catalog.int4, lock_fence pg_catalog.int8) RETURNS pg_catalog.void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target constant text := format('store.quads_%s', dataset);
  beside constant text := kasabi.restored_table(dataset, lock_fence);
BEGIN
  PERFORM kasabi.admit_restore(dataset, lock_fence);
  EXECUTE format('DELETE FROM %s', target);
  EXECUTE format('INSERT INTO %s (subject, predicate, object, graph)
                  SELECT subject, predicate, object, graph FROM %s', target, beside);
  EXECUTE format('DROP TABLE %s', beside);
END $$;

REVOKE ALL ON FUNCTION
  kasabi.is_plain_table(pg_catalog.int4),
  kasabi.restored_table(pg_catalog.int4, pg_catalog.int8),
  kasabi.admit_restore(pg_catalog.int4, pg_catalog.int8),
  kasabi.begin_restore(pg_catalog.int4, pg_catalog.int8, pg_catalog.text),
  kasabi.swap_restored(pg_catalog.int4, pg_catalog.int8),
  kasabi.copy_restored(pg_catalog.int4, pg_catalog.int8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  kasabi.begin_restore(pg_catalog.int4, pg_catalog.int8, pg_catalog.text),
  kasabi.swap_restored(pg_catalog.int4, pg_catalog.int8),
  kasabi.copy_restored(pg_catalog.int4, pg_catalog.int8) TO kasabi_worker;

-- Why a worker cannot write to the export store; null while it can.
ALTER TABLE kasabi.worker ADD COLUMN store_trouble text;
GRANT SELECT (store_trouble), INSERT (store_trouble), UPDATE (store_trouble) ON kasabi.worker TO kasabi_worker;
-- kasabi_status as it reads the other columns: see 0014.
GRANT SELECT (store_trouble) ON kasabi.worker TO kasabi_status, kasabi_operations;

-- A restore's source belongs to the same owner.
GRANT SELECT (owner_id) ON kasabi.dataset TO kasabi_worker;

-- Down Migration

ALTER TABLE kasabi.worker DROP COLUMN store_trouble;
REVOKE SELECT (owner_id) ON kasabi.dataset FROM kasabi_worker;
DROP FUNCTION kasabi.copy_restored(pg_catalog.int4, pg_catalog.int8);
DROP FUNCTION kasabi.swap_restored(pg_catalog.int4, pg_catalog.int8);
DROP FUNCTION kasabi.admit_restore(pg_catalog.int4, pg_catalog.int8);
DROP FUNCTION kasabi.begin_restore(pg_catalog.int4, pg_catalog.int8, pg_catalog.text);
DROP FUNCTION kasabi.restored_table(pg_catalog.int4, pg_catalog.int8);
DROP FUNCTION kasabi.is_plain_table(pg_catalog.int4);

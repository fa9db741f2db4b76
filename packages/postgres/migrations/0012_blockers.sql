-- Finds what blocks a job that cannot lock or clear its dataset. For operators: the message of the transition
-- names the blockers.

-- Up Migration

-- A worker that works on a dataset for a job holds the advisory lock (1802661731, dataset) shared, in each of its
-- transactions: it blocks nobody and identifies the waiting session, even behind a pooler. Between two attempts no
-- worker holds it; then the blockers are the writers, and sessions that alter the table.
--
-- Postgres shows a session's transaction to roles with pg_read_all_stats, which the owner of this function has
-- where the migration could grant it. It does not show statements: their content belongs to the owner. Prepared
-- transactions hold locks without a process; they have a name instead.
CREATE FUNCTION kasabi.dataset_blockers(dataset pg_catalog.int4)
RETURNS TABLE (
  pid pg_catalog.int4,
  application pg_catalog.text,
  username pg_catalog.text,
  since pg_catalog.timestamptz,
  state pg_catalog.text,
  state_since pg_catalog.timestamptz,
  prepared pg_catalog.text
)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH locks AS MATERIALIZED (
    SELECT * FROM pg_catalog.pg_locks l
    WHERE l.database IS NULL OR l.database = 0 OR l.database = (
      SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
  ), working AS (
    SELECT DISTINCT l.pid FROM locks l
    WHERE l.locktype = 'advisory' AND l.classid = 1802661731::pg_catalog.oid
      AND l.objid = dataset::pg_catalog.oid AND l.objsubid = 2 AND l.pid IS NOT NULL
  ), blocking AS (
    SELECT b.pid, NULL AS virtualtransaction
    FROM working w CROSS JOIN pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) AS b (pid)
    WHERE b.pid <> 0
    UNION
    SELECT NULL, h.virtualtransaction
    FROM working w
    JOIN locks a ON a.pid = w.pid AND NOT a.granted
    JOIN locks h ON h.pid IS NULL AND h.granted
      AND (h.locktype, h.relation, h.page, h.tuple, h.transactionid, h.classid, h.objid, h.objsubid)
          IS NOT DISTINCT FROM
          (a.locktype, a.relation, a.page, a.tuple, a.transactionid, a.classid, a.objid, a.objsubid)
    UNION
    SELECT l.pid, CASE WHEN l.pid IS NULL THEN l.virtualtransaction END
    FROM locks l
    WHERE l.granted AND NOT EXISTS (SELECT FROM working) AND (
      l.locktype = 'advisory' AND l.classid = 1802661729::pg_catalog.oid
        AND l.objid = dataset::pg_catalog.oid AND l.objsubid = 2
      OR l.locktype = 'relation'
        AND l.relation = pg_catalog.to_regclass('store.quads_' || dataset::pg_catalog.text)
        AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))
  )
  SELECT a.pid, a.application_name, a.usename::pg_catalog.text, a.xact_start, a.state, a.state_change,
         NULL::pg_catalog.text
  FROM blocking b JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid
  UNION ALL
  SELECT NULL, NULL, p.owner::pg_catalog.text, p.prepared, NULL, NULL, p.gid
  FROM blocking b
  JOIN locks t ON t.pid IS NULL AND t.locktype = 'transactionid'
    AND t.virtualtransaction = b.virtualtransaction
  JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = t.transactionid
  ORDER BY 4 NULLS LAST, 1
$$;

REVOKE ALL ON FUNCTION kasabi.dataset_blockers(pg_catalog.int4) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kasabi.dataset_blockers(pg_catalog.int4) TO kasabi_worker;

-- Down Migration

DROP FUNCTION kasabi.dataset_blockers(pg_catalog.int4);

-- Which standbys follow this server, and how far behind they are: for operators.

-- Up Migration

-- Postgres shows this to roles with pg_read_all_stats, which the owner of this function has where the migration could
-- grant it; elsewhere no standby is found. Subscribers and backups have a sender, too, and are no standbys.
CREATE FUNCTION kasabi.standbys()
RETURNS TABLE (
  name pg_catalog.text,
  address pg_catalog.text,
  behind_bytes pg_catalog.float8,
  replay_lag pg_catalog.interval
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.application_name, pg_catalog.host(r.client_addr),
         GREATEST(0, pg_catalog.pg_wal_lsn_diff(
           CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                ELSE pg_catalog.pg_current_wal_flush_lsn() END, r.replay_lsn))::pg_catalog.float8,
         r.replay_lag
  FROM pg_catalog.pg_stat_replication r
  WHERE r.replay_lsn IS NOT NULL AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
  ORDER BY 3 DESC, 1 LIMIT 20
$$;

REVOKE ALL ON FUNCTION kasabi.standbys() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kasabi.standbys() TO kasabi_operations;

-- Down Migration

DROP FUNCTION kasabi.standbys();

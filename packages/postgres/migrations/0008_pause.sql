-- How operators keep jobs from starting, and how a restored database is recognized.

-- Up Migration

-- A row without a dataset pauses all jobs. While a row exists, no job of its dataset is claimed; a running job
-- keeps running. Claims hold ROW SHARE on this table, and nothing else does: from that, a pause sees which claims
-- began before it.
CREATE TABLE kasabi.pause (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  dataset_id integer REFERENCES kasabi.dataset ON DELETE CASCADE,
  since timestamptz NOT NULL DEFAULT now(),
  reason text,
  -- An operator's address, 'command line', or 'relay'.
  paused_by text NOT NULL,
  CONSTRAINT one_pause_of_each UNIQUE NULLS NOT DISTINCT (dataset_id)
);

-- One row, which the workers write every few seconds after they have compared it with Redis's copy. A restored
-- database has an old one, so that nothing starts before they have compared.
CREATE TABLE kasabi.beat (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  -- How often it was written. A clock may be set back; this only grows.
  beats bigint NOT NULL DEFAULT 0,
  at timestamptz NOT NULL DEFAULT '-infinity',
  -- The database it was written in.
  cluster text NOT NULL DEFAULT '',
  database oid NOT NULL DEFAULT 0,
  -- Since the newest beat, an operator has said that jobs may start, whatever this database is.
  vouched boolean NOT NULL DEFAULT false
);
INSERT INTO kasabi.beat DEFAULT VALUES;

-- Distinguishes this cluster from others, even with the same data; empty where the server does not say.
CREATE FUNCTION kasabi.cluster() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT system_identifier FROM pg_catalog.pg_control_system());
EXCEPTION WHEN insufficient_privilege THEN
  RETURN '';
END $$;

REVOKE ALL ON FUNCTION kasabi.cluster() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kasabi.cluster() TO kasabi_api, kasabi_worker, kasabi_status;
GRANT SELECT ON kasabi.pause, kasabi.beat TO kasabi_api, kasabi_worker, kasabi_status;
GRANT INSERT, DELETE ON kasabi.pause TO kasabi_api;
GRANT INSERT, UPDATE ON kasabi.pause TO kasabi_worker;
GRANT UPDATE (vouched) ON kasabi.beat TO kasabi_api;
GRANT UPDATE (beats, at, cluster, database, vouched) ON kasabi.beat TO kasabi_worker;

-- Down Migration

DROP FUNCTION kasabi.cluster();
DROP TABLE kasabi.beat;
DROP TABLE kasabi.pause;

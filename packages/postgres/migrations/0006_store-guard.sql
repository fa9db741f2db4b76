-- The guard again: a session that writes one dataset's table cannot make it run foreign code and cannot guess
-- what opens a locked dataset, and a session that writes many datasets stays small.
--
-- The guard refuses a worker of the previous version: a worker of this version then retries its running reset.
-- Replace all workers together.

-- Up Migration

-- Functions that run as this role look up types, too, in pg_catalog first: with an empty search_path, Postgres
-- looks in the caller's pg_temp before. Nobody may call functions without a grant.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC;

-- SHA-256 of the secret of the present lock; null without a lock. Only the worker that locked knows the secret
-- itself: it cannot be read from this table, a backup or a replica.
ALTER TABLE kasabi.dataset ADD COLUMN lock_digest bytea CHECK (octet_length(lock_digest) = 32);
GRANT UPDATE (lock_digest) ON kasabi.dataset TO kasabi_worker;

-- Admits a write to a dataset or raises 25006. Runs as the owner of the schema, called by the guard alone.
--
-- Both locks are needed, in this order, the one the locker takes them in:
--   * the advisory lock, shared here and exclusive in the locker, queues fairly. With FOR SHARE alone
--     a stream of writers kept the locker out for 23 s; with both it waited 105 ms.
--   * FOR SHARE makes a writer whose snapshot is older than the lock (REPEATABLE READ, SERIALIZABLE)
--     fail with 40001. With the advisory lock alone it would read the old row and write on.
--
-- A session that carries a lock (kasabi.fence = 'dataset:fence:secret', set for one transaction) speaks for
-- one job. It may write exactly while that lock holds: a worker that lost its lock is refused even when
-- the dataset is open to everyone else, and whoever does not know the secret is refused always.
CREATE FUNCTION kasabi.admit_write(guarded pg_catalog.int4) RETURNS pg_catalog.void
LANGUAGE plpgsql AS $$
DECLARE
  carried constant pg_catalog.text := pg_catalog.current_setting('kasabi.fence', true);
  dataset pg_catalog.record;
BEGIN
  PERFORM pg_catalog.pg_advisory_xact_lock_shared(1802661729, guarded);
  SELECT d.code, d.storage_mode, d.fence, d.lock_digest INTO STRICT dataset
    FROM kasabi.dataset d WHERE d.id = guarded FOR SHARE;
  IF carried IS NOT NULL AND pg_catalog.split_part(carried, ':', 1) = guarded::pg_catalog.text THEN
    -- An unlocked dataset has no digest, and nothing equals null.
    IF dataset.storage_mode = 'read-only'
       AND pg_catalog.split_part(carried, ':', 2) = dataset.fence::pg_catalog.text
       AND pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.split_part(carried, ':', 3), 'UTF8'))
           = dataset.lock_digest
    THEN
      RETURN;
    END IF;
    RAISE EXCEPTION 'dataset "%" is not locked with fence % and the secret that this session carries',
                    dataset.code, pg_catalog.split_part(carried, ':', 2)
      USING ERRCODE = 'read_only_sql_transaction',
            DETAIL = 'Another attempt has locked or unlocked the dataset since.';
  END IF;
  IF dataset.storage_mode = 'read-only' THEN
    RAISE EXCEPTION 'dataset "%" is read-only while a job runs on it', dataset.code
      USING ERRCODE = 'read_only_sql_transaction',
            HINT = 'Write again when its storageMode is read-write.';
  END IF;
END $$;

-- What the triggers call. Postgres compiles a trigger function for each trigger and session and keeps it for the
-- life of the session, but an ordinary function only once: for each dataset that a session wrote, it kept 106
-- KiB when all of the above was in the trigger function, and keeps 24 KiB now. RETURN NEW is null for a statement,
-- and unlike RETURN NULL needs no plan (9 KiB).
CREATE OR REPLACE FUNCTION kasabi.guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM kasabi.admit_write(TG_ARGV[0]::pg_catalog.int4);
  RETURN NEW;
END $$;

-- Releases the lock of a dataset whose job has ended or does not exist, and says whether it did. The new fence
-- shuts out any session that still carries the old one. The api's role may call it without writing the registry.
CREATE OR REPLACE FUNCTION kasabi.release_abandoned_lock(dataset pg_catalog.int4, holder pg_catalog.uuid)
RETURNS pg_catalog.bool
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
  WITH released AS (
    UPDATE kasabi.dataset d
    SET storage_mode = 'read-write', locked_by = NULL, locked_at = NULL, lock_digest = NULL,
        fence = d.fence + 1
    WHERE d.id = dataset AND d.locked_by = holder
      AND NOT EXISTS (
        SELECT FROM kasabi.job j
        WHERE j.id = holder AND j.status IN ('scheduled', 'running'))
    RETURNING d.id
  )
  SELECT EXISTS (SELECT FROM released)
$$;

-- Under a publication of all tables (a logical-replication upgrade begins with one) Postgres refuses to delete
-- from a table without a replica identity. A key would cost each transition an index; FULL costs nothing until
-- a table is published, and then the row's text in the log.
ALTER TABLE kasabi.job_transition REPLICA IDENTITY FULL;

-- Down Migration

ALTER TABLE kasabi.job_transition REPLICA IDENTITY DEFAULT;

CREATE OR REPLACE FUNCTION kasabi.release_abandoned_lock(dataset pg_catalog.int4, holder pg_catalog.uuid)
RETURNS pg_catalog.bool
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
  WITH released AS (
    UPDATE kasabi.dataset d
    SET storage_mode = 'read-write', locked_by = NULL, locked_at = NULL, fence = d.fence + 1
    WHERE d.id = dataset AND d.locked_by = holder
      AND NOT EXISTS (
        SELECT FROM kasabi.job j
        WHERE j.id = holder AND j.status IN ('scheduled', 'running'))
    RETURNING d.id
  )
  SELECT EXISTS (SELECT FROM released)
$$;

CREATE OR REPLACE FUNCTION kasabi.guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  guarded constant pg_catalog.int4 := TG_ARGV[0];
  carried constant pg_catalog.text := pg_catalog.current_setting('kasabi.fence', true);
  dataset pg_catalog.record;
BEGIN
  PERFORM pg_catalog.pg_advisory_xact_lock_shared(1802661729, guarded);
  SELECT d.code, d.storage_mode, d.fence INTO STRICT dataset
    FROM kasabi.dataset d WHERE d.id = guarded FOR SHARE;
  IF carried IS NOT NULL AND pg_catalog.split_part(carried, ':', 1) = guarded::pg_catalog.text THEN
    IF dataset.storage_mode = 'read-only' AND carried = guarded || ':' || dataset.fence THEN
      RETURN NULL;
    END IF;
    RAISE EXCEPTION 'dataset "%" is not locked with fence %', dataset.code, pg_catalog.split_part(carried, ':', 2)
      USING ERRCODE = 'read_only_sql_transaction';
  END IF;
  IF dataset.storage_mode = 'read-only' THEN
    RAISE EXCEPTION 'dataset "%" is read-only while a job runs on it', dataset.code
      USING ERRCODE = 'read_only_sql_transaction';
  END IF;
  RETURN NULL;
END $$;

DROP FUNCTION kasabi.admit_write(pg_catalog.int4);
ALTER TABLE kasabi.dataset DROP COLUMN lock_digest;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON ROUTINES TO PUBLIC;

-- Owners, their API keys, the dataset registry, and the guard that makes read-only mean read-only.
-- Roles and schemas exist before the first migration runs (src/roles.ts makes them); everything here
-- belongs to kasabi_owner.

-- Up Migration

CREATE TABLE kasabi.owner (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  created timestamptz NOT NULL DEFAULT now()
);

-- Only the SHA-256 digest of a key is kept. Issued keys carry 256 random bits, so a slow password hash
-- would cost every request and protect nothing.
CREATE TABLE kasabi.api_key (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  owner_id integer NOT NULL REFERENCES kasabi.owner,
  digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
  created timestamptz NOT NULL DEFAULT now(),
  revoked timestamptz
);

CREATE TABLE kasabi.dataset (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  title text NOT NULL CHECK (title <> ''),
  owner_id integer NOT NULL REFERENCES kasabi.owner,
  status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'published')),
  created timestamptz NOT NULL DEFAULT now(),
  published timestamptz,
  storage_mode text NOT NULL DEFAULT 'read-write' CHECK (storage_mode IN ('read-write', 'read-only')),
  fence bigint NOT NULL DEFAULT 0 CHECK (fence >= 0),
  locked_by uuid,
  locked_at timestamptz,
  CONSTRAINT published_has_its_time CHECK ((status = 'published') = (published IS NOT NULL)),
  CONSTRAINT read_only_has_its_holder CHECK (
    (storage_mode = 'read-only') = (locked_by IS NOT NULL)
    AND (locked_by IS NULL) = (locked_at IS NULL)
  )
);

-- The guard. Fires before every INSERT, UPDATE, DELETE (COPY and MERGE included) and TRUNCATE of a
-- dataset's table, once per statement: per row it cost five times the insert, per statement nothing
-- that could be measured.
--
-- Both locks are needed, in this order, the one the locker takes them in:
--   * the advisory lock, shared here and exclusive in the locker, queues fairly. With FOR SHARE alone
--     a stream of writers kept the locker out for 23 s; with both it waited 105 ms.
--   * FOR SHARE makes a writer whose snapshot is older than the lock (REPEATABLE READ, SERIALIZABLE)
--     fail with 40001. With the advisory lock alone it would read the old row and write on.
--
-- A session that carries a fence (kasabi.fence = 'dataset:fence', set for one transaction) speaks for
-- one job's lock. It may write exactly while that lock holds: a worker that lost its lock is refused
-- even when the dataset is open to everyone else.
CREATE FUNCTION kasabi.guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  guarded constant integer := TG_ARGV[0];
  carried constant text := current_setting('kasabi.fence', true);
  dataset record;
BEGIN
  PERFORM pg_catalog.pg_advisory_xact_lock_shared(1802661729, guarded);
  SELECT d.code, d.storage_mode, d.fence INTO STRICT dataset
    FROM kasabi.dataset d WHERE d.id = guarded FOR SHARE;
  IF carried IS NOT NULL AND split_part(carried, ':', 1) = guarded::text THEN
    IF dataset.storage_mode = 'read-only' AND carried = guarded || ':' || dataset.fence THEN
      RETURN NULL;
    END IF;
    RAISE EXCEPTION 'dataset "%" is not locked with fence %', dataset.code, split_part(carried, ':', 2)
      USING ERRCODE = 'read_only_sql_transaction',
            DETAIL = 'Another attempt has locked or unlocked the dataset since.';
  END IF;
  IF dataset.storage_mode = 'read-only' THEN
    RAISE EXCEPTION 'dataset "%" is read-only while a job runs on it', dataset.code
      USING ERRCODE = 'read_only_sql_transaction',
            HINT = 'Write again when its storageMode is read-write.';
  END IF;
  RETURN NULL;
END $$;

REVOKE ALL ON FUNCTION kasabi.guard() FROM PUBLIC;

GRANT SELECT ON kasabi.owner TO kasabi_api, kasabi_worker, kasabi_status;
GRANT SELECT ON kasabi.api_key TO kasabi_api, kasabi_status;
GRANT SELECT ON kasabi.dataset TO kasabi_api, kasabi_worker, kasabi_status;
GRANT UPDATE (storage_mode, fence, locked_by, locked_at) ON kasabi.dataset TO kasabi_worker;

-- Down Migration

DROP FUNCTION kasabi.guard();
DROP TABLE kasabi.dataset;
DROP TABLE kasabi.api_key;
DROP TABLE kasabi.owner;

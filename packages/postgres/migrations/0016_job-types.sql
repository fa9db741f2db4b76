-- What jobs of several types have: parameters, progress while they run, a result, and cancelling while they run.
--
-- A worker of the version before fails a job of a type that it does not know.

-- Up Migration

ALTER TABLE kasabi.job
  ADD COLUMN parameters jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(parameters) = 'object'),
  -- Shown only while it runs. No CHECK says so: the version before takes jobs from lost workers without clearing it.
  ADD COLUMN progress jsonb CHECK (jsonb_typeof(progress) = 'object'),
  ADD COLUMN result jsonb CHECK (jsonb_typeof(result) = 'object'),
  ADD CONSTRAINT only_completed_has_result CHECK (result IS NULL OR status = 'completed');

-- Cancels a job, and says whether it did; `by` is for its owner to read, `actor` for the record of the transition. A
-- running one is cancelled only if its type is one of these: no effect of it can be committed afterwards, because that
-- commit completes the record, too. The roles that may call this cannot write a status themselves. With its default, it
-- takes the calls of the version before as well.
--
-- If it has locked its dataset, that is unlocked in the same commit, unless somebody holds the registry row: waiting
-- for the attempt that is about to complete would be a deadlock. Then the attempt itself unlocks it, or a worker's loop.
DROP FUNCTION kasabi.cancel_job(pg_catalog.uuid, pg_catalog.text, pg_catalog.text);
CREATE FUNCTION kasabi.cancel_job(job pg_catalog.uuid, by pg_catalog.text, actor pg_catalog.text,
  while_running pg_catalog.text[] DEFAULT '{}')
RETURNS pg_catalog.bool
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH cancelled AS (
    UPDATE kasabi.job j
    SET status = 'cancelled', end_time = clock_timestamp(),
        progress = NULL, lease_holder = NULL, lease_expires = NULL,
        message = format('Cancelled by %s %s.', by,
                         CASE WHEN j.status = 'running' THEN 'while it ran'
                              WHEN j.started IS NULL THEN 'before it started' ELSE 'before its next attempt' END)
    -- Out of sight of the partial indexes: see packages/jobs/src/by-key.ts.
    WHERE j.id = job AND (
      j.status || '' = 'scheduled'
      OR j.status || '' = 'running' AND j.type = ANY (while_running))
    RETURNING j.id, j.attempt, j.message, j.dataset_id
  ), locked AS (
    SELECT d.id FROM kasabi.dataset d JOIN cancelled c ON d.id = c.dataset_id AND d.locked_by = c.id
    FOR NO KEY UPDATE OF d SKIP LOCKED
  ), unlocked AS (
    UPDATE kasabi.dataset d
    SET storage_mode = 'read-write', locked_by = NULL, locked_at = NULL, lock_digest = NULL, fence = d.fence + 1
    FROM locked WHERE d.id = locked.id
  ), noted AS (
    INSERT INTO kasabi.job_transition (job_id, event, attempt, actor, message)
    SELECT c.id, 'cancel', c.attempt, cancel_job.actor, c.message FROM cancelled c
  )
  SELECT EXISTS (SELECT FROM cancelled)
$$;

REVOKE ALL ON FUNCTION
  kasabi.cancel_job(pg_catalog.uuid, pg_catalog.text, pg_catalog.text, pg_catalog.text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  kasabi.cancel_job(pg_catalog.uuid, pg_catalog.text, pg_catalog.text, pg_catalog.text[])
  TO kasabi_api, kasabi_operations;

-- An export reads a dataset. Also for those that are made later, by whichever version.
GRANT SELECT ON ALL TABLES IN SCHEMA store TO kasabi_worker;
ALTER DEFAULT PRIVILEGES IN SCHEMA store GRANT SELECT ON TABLES TO kasabi_worker;

-- api and status read parameters only as they read what 0014 has for kasabi_operations: until the same contract step.
GRANT SELECT (parameters, progress, result), INSERT (parameters) ON kasabi.job TO kasabi_api;
GRANT SELECT (parameters, result), UPDATE (progress, result) ON kasabi.job TO kasabi_worker;
GRANT SELECT (parameters, progress, result) ON kasabi.job TO kasabi_status;
GRANT SELECT (parameters, progress, result), INSERT (parameters) ON kasabi.job TO kasabi_operations;

-- Down Migration

ALTER DEFAULT PRIVILEGES IN SCHEMA store REVOKE SELECT ON TABLES FROM kasabi_worker;
REVOKE SELECT ON ALL TABLES IN SCHEMA store FROM kasabi_worker;

DROP FUNCTION kasabi.cancel_job(pg_catalog.uuid, pg_catalog.text, pg_catalog.text, pg_catalog.text[]);
CREATE FUNCTION kasabi.cancel_job(job pg_catalog.uuid, by pg_catalog.text, actor pg_catalog.text)
RETURNS pg_catalog.bool
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH cancelled AS (
    UPDATE kasabi.job j
    SET status = 'cancelled', end_time = clock_timestamp(),
        message = format('Cancelled by %s before %s.', by,
                         CASE WHEN j.started IS NULL THEN 'it started' ELSE 'its next attempt' END)
    WHERE j.id = job AND j.status || '' = 'scheduled'
    RETURNING j.id, j.attempt, j.message
  ), noted AS (
    INSERT INTO kasabi.job_transition (job_id, event, attempt, actor, message)
    SELECT c.id, 'cancel', c.attempt, cancel_job.actor, c.message FROM cancelled c
  )
  SELECT EXISTS (SELECT FROM cancelled)
$$;
REVOKE ALL ON FUNCTION kasabi.cancel_job(pg_catalog.uuid, pg_catalog.text, pg_catalog.text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kasabi.cancel_job(pg_catalog.uuid, pg_catalog.text, pg_catalog.text)
  TO kasabi_api, kasabi_operations;
ALTER TABLE kasabi.job DROP COLUMN parameters, DROP COLUMN progress, DROP COLUMN result;

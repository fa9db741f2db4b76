-- Each role may do what its services' statements do, column by column, and nothing else.
-- test/integration/grants.test.ts compares the two.

-- Up Migration

-- Cancels a job that is scheduled, and says whether it did; `by` is for its owner to read, `actor` for the
-- note of the transition. The api's role may call it, and write no status itself: it can complete no job,
-- and so get at no lock.
CREATE FUNCTION kasabi.cancel_job(job pg_catalog.uuid, by pg_catalog.text, actor pg_catalog.text)
RETURNS pg_catalog.bool
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH cancelled AS (
    UPDATE kasabi.job j
    SET status = 'cancelled', end_time = clock_timestamp(),
        message = format('Cancelled by %s before %s.', by,
                         CASE WHEN j.started IS NULL THEN 'it started' ELSE 'its next attempt' END)
    -- Out of sight of the partial indexes: see packages/jobs/src/by-key.ts.
    WHERE j.id = job AND j.status || '' = 'scheduled'
    RETURNING j.id, j.attempt, j.message
  ), noted AS (
    INSERT INTO kasabi.job_transition (job_id, event, attempt, actor, message)
    SELECT c.id, 'cancel', c.attempt, cancel_job.actor, c.message FROM cancelled c
  )
  SELECT EXISTS (SELECT FROM cancelled)
$$;

REVOKE ALL ON FUNCTION kasabi.cancel_job(pg_catalog.uuid, pg_catalog.text, pg_catalog.text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kasabi.cancel_job(pg_catalog.uuid, pg_catalog.text, pg_catalog.text) TO kasabi_api;

REVOKE INSERT, UPDATE ON kasabi.job FROM kasabi_api;
GRANT INSERT (id, dataset_id, type, start_time, due, message, requested_by, trace, repeats),
      UPDATE (enqueued_at) ON kasabi.job TO kasabi_api;
REVOKE INSERT ON kasabi.job_transition FROM kasabi_api;

-- Down Migration

GRANT INSERT ON kasabi.job_transition TO kasabi_api;
GRANT INSERT, UPDATE ON kasabi.job TO kasabi_api;
DROP FUNCTION kasabi.cancel_job(pg_catalog.uuid, pg_catalog.text, pg_catalog.text);

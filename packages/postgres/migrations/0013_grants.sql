-- Each role may do exactly what its services' statements do, column by column.
-- test/integration/grants.test.ts compares the two.

-- Up Migration

-- Cancels a scheduled job, and says whether it did; `by` is for its owner to read, `actor` for the record of the
-- transition. The api's role may call it but write no status itself: it cannot complete a job, and so cannot
-- release a lock.
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

-- All earlier grants are revoked first: a grant on a whole table would remain in force beside one on its columns.
REVOKE ALL ON ALL TABLES IN SCHEMA kasabi FROM kasabi_api, kasabi_worker, kasabi_status;
REVOKE SELECT ON ALL TABLES IN SCHEMA store FROM kasabi_worker, kasabi_status;
REVOKE USAGE ON SCHEMA store FROM kasabi_status;
REVOKE EXECUTE ON FUNCTION kasabi.cluster() FROM kasabi_api, kasabi_status;

GRANT SELECT (digest, id, owner_id, revoked)
  ON kasabi.api_key TO kasabi_api;
GRANT UPDATE (vouched)
  ON kasabi.beat TO kasabi_api;
GRANT SELECT (code, id, locked_by, owner_id, status)
  ON kasabi.dataset TO kasabi_api;
GRANT SELECT (at, code, mark, note, operator_address, subject, until),
  INSERT (code, mark, note, operator_address, subject, until),
  UPDATE (at, mark, note, operator_address, until),
  DELETE
  ON kasabi.finding_acknowledgement TO kasabi_api;
GRANT SELECT (api_key_id, created, fingerprint, job_id, key),
  INSERT (api_key_id, fingerprint, job_id, key),
  UPDATE (created, fingerprint, job_id)
  ON kasabi.idempotency TO kasabi_api;
GRANT SELECT (attempt, created, dataset_id, due, end_time, enqueued_at, id, message, reason, requested_by,
    start_time, started, status, type),
  INSERT (dataset_id, due, id, message, repeats, requested_by, start_time, trace, type),
  UPDATE (enqueued_at)
  ON kasabi.job TO kasabi_api;
GRANT SELECT (event, job_id)
  ON kasabi.job_transition TO kasabi_api;
GRANT SELECT (name)
  ON kasabi.migration TO kasabi_api;
GRANT SELECT (action, id, job_id, made_job_id, outcome),
  INSERT (action, dataset_id, detail, job_id, made_job_id, operator_address, outcome, part_of, subject)
  ON kasabi.operator_action TO kasabi_api;
GRANT SELECT (id, name)
  ON kasabi.owner TO kasabi_api;
GRANT SELECT (dataset_id, id, since),
  INSERT (dataset_id, paused_by, reason),
  DELETE
  ON kasabi.pause TO kasabi_api;

GRANT SELECT (at, beats, cluster, database, vouched),
  UPDATE (at, beats, cluster, database, vouched)
  ON kasabi.beat TO kasabi_worker;
GRANT SELECT (code, fence, id, locked_by, status),
  UPDATE (fence, lock_digest, locked_at, locked_by, storage_mode)
  ON kasabi.dataset TO kasabi_worker;
-- The pruner finds rows by ctid, which requires a right on the whole table.
GRANT SELECT, UPDATE (created), DELETE ON kasabi.idempotency TO kasabi_worker;
GRANT SELECT (attempt, busy_since, created, dataset_id, due, end_time, enqueued_at, fence, id, lease_expires,
    lease_holder, lost, start_time, started, status, trace, type),
  UPDATE (attempt, busy_since, due, end_time, enqueued_at, fence, lease_expires, lease_holder, lost,
    message, reason, started, status),
  DELETE
  ON kasabi.job TO kasabi_worker;
GRANT SELECT (accepted, cancelled, completed, drift_histogram, drift_p50_ms, drift_p99_ms, failed, minute,
    run_histogram, run_p50_ms, run_p99_ms, type),
  INSERT (accepted, cancelled, completed, drift_histogram, drift_p50_ms, drift_p99_ms, failed, minute,
    run_histogram, run_p50_ms, run_p99_ms, type),
  UPDATE (accepted, cancelled, completed, drift_histogram, drift_p50_ms, drift_p99_ms, failed,
    run_histogram, run_p50_ms, run_p99_ms),
  DELETE
  ON kasabi.job_tally TO kasabi_worker;
GRANT SELECT (at, final_before),
  UPDATE (at, final_before)
  ON kasabi.job_tally_progress TO kasabi_worker;
GRANT SELECT (job_id),
  INSERT (actor, attempt, event, job_id, message),
  DELETE
  ON kasabi.job_transition TO kasabi_worker;
GRANT SELECT (name)
  ON kasabi.migration TO kasabi_worker;
GRANT SELECT (dataset_id, paused_by, reason),
  INSERT (dataset_id, paused_by, reason),
  UPDATE (paused_by, reason)
  ON kasabi.pause TO kasabi_worker;
GRANT SELECT (clock_offset_ms, holder, redis_answers, redis_forgotten, redis_lost, redis_trouble, relayed,
    rescued, running, seen),
  INSERT (clock_offset_ms, concurrency, holder, host, redis_answers, redis_forgotten, redis_lost,
    redis_trouble, relay_interval_ms, relayed, rescued, running, seen, version),
  UPDATE (clock_offset_ms, redis_answers, redis_forgotten, redis_lost, redis_trouble, relayed, rescued,
    running, seen),
  DELETE
  ON kasabi.worker TO kasabi_worker;

GRANT SELECT (digest, id, owner_id, revoked)
  ON kasabi.api_key TO kasabi_status;
GRANT SELECT (code, created, fence, id, locked_at, locked_by, owner_id, published, status, storage_mode,
    title)
  ON kasabi.dataset TO kasabi_status;
GRANT SELECT (at, code, mark, note, operator_address, subject, until)
  ON kasabi.finding_acknowledgement TO kasabi_status;
GRANT SELECT (attempt, busy_since, created, dataset_id, due, end_time, enqueued_at, fence, id, lease_expires,
    lease_holder, lost, message, reason, repeats, requested_by, start_time, started, status, type)
  ON kasabi.job TO kasabi_status;
GRANT SELECT (accepted, cancelled, completed, drift_histogram, drift_p50_ms, drift_p99_ms, failed, minute,
    run_histogram, run_p50_ms)
  ON kasabi.job_tally TO kasabi_status;
GRANT SELECT (actor, at, attempt, event, job_id, message)
  ON kasabi.job_transition TO kasabi_status;
GRANT SELECT (name)
  ON kasabi.migration TO kasabi_status;
GRANT SELECT (action, at, dataset_id, detail, id, job_id, made_job_id, operator_address, outcome, part_of,
    subject)
  ON kasabi.operator_action TO kasabi_status;
GRANT SELECT (id, name)
  ON kasabi.owner TO kasabi_status;
GRANT SELECT (dataset_id, id, paused_by, reason, since)
  ON kasabi.pause TO kasabi_status;
GRANT SELECT (clock_offset_ms, concurrency, holder, host, redis_answers, redis_forgotten, redis_lost,
    redis_trouble, relay_interval_ms, relayed, rescued, running, seen, started, version)
  ON kasabi.worker TO kasabi_status;

-- Down Migration

REVOKE ALL ON ALL TABLES IN SCHEMA kasabi FROM kasabi_api, kasabi_worker, kasabi_status;
GRANT USAGE ON SCHEMA store TO kasabi_status;
GRANT SELECT ON ALL TABLES IN SCHEMA store TO kasabi_worker, kasabi_status;
GRANT SELECT ON ALL TABLES IN SCHEMA kasabi TO kasabi_api, kasabi_worker, kasabi_status;
REVOKE SELECT ON kasabi.api_key FROM kasabi_worker;
GRANT EXECUTE ON FUNCTION kasabi.cluster() TO kasabi_api, kasabi_status;
GRANT INSERT, UPDATE ON kasabi.job, kasabi.idempotency TO kasabi_api;
GRANT INSERT ON kasabi.job_transition, kasabi.operator_action TO kasabi_api;
GRANT INSERT, UPDATE, DELETE ON kasabi.finding_acknowledgement TO kasabi_api;
GRANT INSERT, DELETE ON kasabi.pause TO kasabi_api;
GRANT UPDATE (vouched) ON kasabi.beat TO kasabi_api;
GRANT UPDATE (storage_mode, fence, locked_by, locked_at, lock_digest) ON kasabi.dataset TO kasabi_worker;
GRANT UPDATE, DELETE ON kasabi.job, kasabi.idempotency TO kasabi_worker;
GRANT INSERT, DELETE ON kasabi.job_transition TO kasabi_worker;
GRANT INSERT, UPDATE, DELETE ON kasabi.worker, kasabi.job_tally TO kasabi_worker;
GRANT UPDATE ON kasabi.job_tally_progress TO kasabi_worker;
GRANT INSERT, UPDATE ON kasabi.pause TO kasabi_worker;
GRANT UPDATE (beats, at, cluster, database) ON kasabi.beat TO kasabi_worker;
DROP FUNCTION kasabi.cancel_job(pg_catalog.uuid, pg_catalog.text, pg_catalog.text);

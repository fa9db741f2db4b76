-- The role of the operations service: what its page and metrics read and operators' actions write, column by
-- column, and nothing else. test/integration/grants.test.ts compares the two.
--
-- The version before does all this as kasabi_api and kasabi_status, and may still run. So what those two may do
-- beyond their services' statements is for the next version to revoke; until then the test makes an exception.

-- Up Migration

GRANT EXECUTE ON FUNCTION kasabi.cancel_job(pg_catalog.uuid, pg_catalog.text, pg_catalog.text),
  kasabi.release_abandoned_lock(pg_catalog.int4, pg_catalog.uuid) TO kasabi_operations;

GRANT UPDATE (vouched)
  ON kasabi.beat TO kasabi_operations;
GRANT SELECT (code, created, fence, id, locked_at, locked_by, owner_id, published, status, storage_mode,
    title)
  ON kasabi.dataset TO kasabi_operations;
GRANT SELECT (at, code, mark, note, operator_address, subject, until),
  INSERT (code, mark, note, operator_address, subject, until),
  UPDATE (at, mark, note, operator_address, until),
  DELETE
  ON kasabi.finding_acknowledgement TO kasabi_operations;
GRANT SELECT (attempt, busy_since, created, dataset_id, due, end_time, enqueued_at, fence, id, lease_expires,
    lease_holder, lost, message, reason, repeats, requested_by, start_time, started, status, type),
  INSERT (dataset_id, due, message, repeats, requested_by, start_time, type),
  UPDATE (enqueued_at)
  ON kasabi.job TO kasabi_operations;
GRANT SELECT (accepted, cancelled, completed, drift_histogram, failed, minute, run_histogram)
  ON kasabi.job_tally TO kasabi_operations;
GRANT SELECT (actor, at, attempt, event, job_id, message)
  ON kasabi.job_transition TO kasabi_operations;
GRANT SELECT (name)
  ON kasabi.migration TO kasabi_operations;
GRANT SELECT (action, at, dataset_id, detail, id, job_id, made_job_id, operator_address, outcome, part_of,
    subject),
  INSERT (action, dataset_id, detail, job_id, made_job_id, operator_address, outcome, part_of, subject)
  ON kasabi.operator_action TO kasabi_operations;
GRANT SELECT (id, name)
  ON kasabi.owner TO kasabi_operations;
GRANT SELECT (dataset_id, id, paused_by, reason, since),
  INSERT (dataset_id, paused_by, reason),
  DELETE
  ON kasabi.pause TO kasabi_operations;
GRANT SELECT (clock_offset_ms, concurrency, holder, host, redis_answers, redis_forgotten, redis_lost,
    redis_trouble, relay_interval_ms, relayed, rescued, running, seen, started, version)
  ON kasabi.worker TO kasabi_operations;

-- Down Migration

REVOKE ALL ON ALL TABLES IN SCHEMA kasabi FROM kasabi_operations;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA kasabi FROM kasabi_operations;

-- What the operations page shows: each job's transitions, the workers, a tally of each minute, and the actions
-- of operators. Nothing here decides anything about a job.

-- Up Migration

-- No foreign key: its check would lock the job's row. Each transition's statement writes its own row, and
-- the pruner's deletes them with the job. `accept` and `heartbeat` leave none: the first is the record
-- itself, the second comes every few seconds.
CREATE TABLE kasabi.job_transition (
  job_id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event text NOT NULL CHECK (event IN
    ('claim', 'fence', 'complete', 'fail', 'retry', 'release', 'rescue', 'cancel')),
  -- The attempt that it ended or began; for a cancel, how many attempts the job had had.
  attempt smallint NOT NULL,
  -- A worker's holder, 'rescuer', 'owner key N' or 'operator'.
  actor text NOT NULL,
  -- For operators: an error as it was, where the record says what its owner can act on.
  message text
);

CREATE INDEX job_transition_of_job ON kasabi.job_transition (job_id, at);

-- The failed among millions that completed, newest first.
CREATE INDEX job_failed ON kasabi.job (id DESC) WHERE status = 'failed';

-- A row per worker process, which writes it every few seconds and deletes it when it stops in order.
CREATE TABLE kasabi.worker (
  holder text PRIMARY KEY,
  started timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen timestamptz NOT NULL,
  host text NOT NULL,
  version text NOT NULL,
  concurrency integer NOT NULL,
  running integer NOT NULL,
  -- How far the host's clock is ahead of Postgres's; null until it has been compared.
  clock_offset_ms double precision,
  redis_answers boolean NOT NULL,
  -- When the last good round of its relay and its rescuer ended; null before the first.
  relayed timestamptz,
  relay_interval_ms integer NOT NULL,
  rescued timestamptz,
  -- When its relay last found that Redis had lost data, and how many deliveries that concerned.
  redis_lost timestamptz,
  redis_forgotten integer
);

-- Percentiles are of the jobs that ended in the minute.
CREATE TABLE kasabi.job_tally (
  minute timestamptz NOT NULL,
  type text NOT NULL,
  accepted integer NOT NULL,
  completed integer NOT NULL,
  failed integer NOT NULL,
  drift_p50_ms double precision,
  drift_p99_ms double precision,
  run_p50_ms double precision,
  run_p99_ms double precision,
  PRIMARY KEY (minute, type)
);

-- One row: how far the tally has come, and whose turn it is to tally next.
CREATE TABLE kasabi.job_tally_progress (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  final_before timestamptz NOT NULL,
  at timestamptz NOT NULL
);
INSERT INTO kasabi.job_tally_progress (final_before, at)
  VALUES (date_trunc('minute', now()) - interval '1 day', '-infinity');

-- Kept forever: operators act by hand, so the rows are few.
CREATE TABLE kasabi.operator_action (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  action text NOT NULL CHECK (action IN ('cancel', 'retry', 'unlock')),
  job_id uuid,
  dataset_id integer,
  -- The address it came from, or 'command line'.
  operator_address text NOT NULL,
  -- 'done', or why it was refused.
  outcome text NOT NULL,
  -- The job that a retry made.
  made_job_id uuid
);

-- A failed job is repeated only once, however often that is requested.
CREATE UNIQUE INDEX operator_action_retry ON kasabi.operator_action (job_id)
  WHERE action = 'retry' AND outcome = 'done';

-- Releases the lock of a dataset whose job has ended or does not exist, and says whether it did. The new fence
-- shuts out any session that still carries the old one. The api's role may call it without writing the registry.
CREATE FUNCTION kasabi.release_abandoned_lock(dataset integer, holder uuid) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = '' SET lock_timeout = '2s' AS $$
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

REVOKE ALL ON FUNCTION kasabi.release_abandoned_lock(integer, uuid) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION kasabi.release_abandoned_lock(integer, uuid) TO kasabi_api;
GRANT SELECT, INSERT ON kasabi.job_transition, kasabi.operator_action TO kasabi_api;
GRANT SELECT, INSERT, DELETE ON kasabi.job_transition TO kasabi_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON kasabi.worker, kasabi.job_tally TO kasabi_worker;
GRANT SELECT, UPDATE ON kasabi.job_tally_progress TO kasabi_worker;
GRANT SELECT ON kasabi.job_transition, kasabi.worker, kasabi.job_tally, kasabi.job_tally_progress,
  kasabi.operator_action TO kasabi_status;

-- Down Migration

DROP FUNCTION kasabi.release_abandoned_lock(integer, uuid);
DROP TABLE kasabi.operator_action;
DROP TABLE kasabi.job_tally_progress;
DROP TABLE kasabi.job_tally;
DROP TABLE kasabi.worker;
DROP INDEX kasabi.job_failed;
DROP TABLE kasabi.job_transition;

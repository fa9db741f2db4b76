-- The job record: the truth about every accepted job. packages/jobs/src/state.ts draws its states.

-- Up Migration

CREATE TABLE kasabi.job (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  dataset_id integer NOT NULL REFERENCES kasabi.dataset,
  -- No CHECK on type: the catalog in packages/protocol is the list, so a new type needs no migration.
  type text NOT NULL,
  status text NOT NULL DEFAULT 'scheduled'
    CHECK (status IN ('scheduled', 'running', 'completed', 'failed')),
  created timestamptz NOT NULL DEFAULT now(),
  start_time timestamptz NOT NULL,
  -- When the next attempt may be claimed: start_time at first, later after a retry's backoff.
  due timestamptz NOT NULL,
  started timestamptz,
  end_time timestamptz,
  attempt smallint NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  lease_holder text,
  lease_expires timestamptz,
  fence bigint,
  message text,
  -- When Redis was last handed this job's delivery; null while the relay has to hand it over.
  enqueued_at timestamptz,
  requested_by integer NOT NULL REFERENCES kasabi.api_key,

  CONSTRAINT starts_after_creation CHECK (start_time >= created AND due >= start_time),
  CONSTRAINT never_started_early CHECK (started >= start_time),
  CONSTRAINT ended_has_end_time CHECK ((status IN ('completed', 'failed')) = (end_time IS NOT NULL)),
  CONSTRAINT running_has_lease CHECK (
    (status = 'running') = (lease_holder IS NOT NULL)
    AND (lease_holder IS NULL) = (lease_expires IS NULL)
  ),
  CONSTRAINT ran_has_started CHECK (
    CASE WHEN status IN ('running', 'completed') THEN started IS NOT NULL AND attempt > 0 ELSE true END
  ),
  CONSTRAINT scheduled_has_no_fence CHECK (status <> 'scheduled' OR fence IS NULL),
  CONSTRAINT failed_says_why CHECK (status <> 'failed' OR message IS NOT NULL)
);

-- One live job per dataset, by the database itself; also what the rescuer and the heartbeat read.
CREATE UNIQUE INDEX job_running ON kasabi.job (dataset_id) WHERE status = 'running';
-- The claim asks whether an earlier job of the same dataset is due.
CREATE INDEX job_scheduled_of_dataset ON kasabi.job (dataset_id, due, id) WHERE status = 'scheduled';
-- The relay's work list.
CREATE INDEX job_to_enqueue ON kasabi.job (due) WHERE status = 'scheduled' AND enqueued_at IS NULL;
-- Overdue jobs, and everything to hand over again when Redis has lost its data.
CREATE INDEX job_scheduled ON kasabi.job (due) WHERE status = 'scheduled';
-- Lists, newest first.
CREATE INDEX job_of_dataset ON kasabi.job (dataset_id, id DESC);
-- The pruner.
CREATE INDEX job_ended ON kasabi.job (end_time) WHERE end_time IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON kasabi.job TO kasabi_api;
GRANT SELECT, UPDATE, DELETE ON kasabi.job TO kasabi_worker;
GRANT SELECT ON kasabi.job TO kasabi_status;

-- Down Migration

DROP TABLE kasabi.job;

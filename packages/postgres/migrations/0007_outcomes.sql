-- The ways a job can end, told apart: `cancelled` is a status of its own, and a failed job has a reason. Attempts
-- that were lost with their worker are counted separately, and a repeating job records which job it repeats.
--
-- Services of the previous version keep working: what they write passes every CHECK.

-- Up Migration

ALTER TABLE kasabi.job
  -- Why it failed; null unless it has, and where the previous version wrote it.
  ADD COLUMN reason text CHECK (reason IN ('lost', 'busy', 'error')),
  -- How many of its attempts were lost with their worker: these are limited in number, the others in time.
  ADD COLUMN lost smallint NOT NULL DEFAULT 0,
  -- Since when every attempt has found the dataset busy; null when the last one did not.
  ADD COLUMN busy_since timestamptz,
  -- The failed job that an operator had this one repeat. It may have been pruned since.
  ADD COLUMN repeats uuid,
  DROP CONSTRAINT job_status_check,
  ADD CONSTRAINT job_status_check
    CHECK (status IN ('scheduled', 'running', 'completed', 'failed', 'cancelled')),
  DROP CONSTRAINT ended_has_end_time,
  ADD CONSTRAINT ended_has_end_time
    CHECK ((status IN ('completed', 'failed', 'cancelled')) = (end_time IS NOT NULL)),
  DROP CONSTRAINT failed_says_why,
  ADD CONSTRAINT failed_says_why CHECK (status NOT IN ('failed', 'cancelled') OR message IS NOT NULL),
  ADD CONSTRAINT only_failed_has_reason CHECK (reason IS NULL OR status = 'failed'),
  ADD CONSTRAINT lost_are_attempts CHECK (lost BETWEEN 0 AND attempt);

-- What is known of the jobs that have already ended, from the records and messages of the previous version.
UPDATE kasabi.job j SET status = 'cancelled'
WHERE j.status = 'failed' AND (
  j.message ~ '^Cancelled by .* before (it started|its next attempt)\.$'
  OR EXISTS (SELECT FROM kasabi.job_transition t WHERE t.job_id = j.id AND t.event = 'cancel'));

UPDATE kasabi.job SET reason = CASE
    WHEN message ~ '^Attempt \d+ was lost: ' THEN 'lost'
    WHEN message ~ '^(Writers kept the dataset busy|The database was unavailable or busy)' THEN 'busy'
    WHEN message ~ '^The job hit an unexpected error' THEN 'error' END
WHERE status = 'failed';

UPDATE kasabi.job j SET repeats = a.job_id
FROM kasabi.operator_action a
WHERE a.action = 'retry' AND a.outcome = 'done' AND a.made_job_id = j.id;

-- Lists of cancelled jobs, newest first; job_failed is that of the failed ones.
CREATE INDEX job_cancelled ON kasabi.job (id DESC) WHERE status = 'cancelled';
-- Jobs that wait for writers: few, and queried with every overview.
CREATE INDEX job_busy ON kasabi.job (busy_since)
  WHERE busy_since IS NOT NULL AND status IN ('scheduled', 'running');

-- The jobs of a dataset run in the order of their start times: a job that waits for another attempt keeps its
-- place, even if that attempt is due later than the job behind it.
DROP INDEX kasabi.job_scheduled_of_dataset;
CREATE INDEX job_scheduled_of_dataset ON kasabi.job (dataset_id, start_time, id)
  WHERE status = 'scheduled';

ALTER TABLE kasabi.job_tally ADD COLUMN cancelled integer NOT NULL DEFAULT 0;

UPDATE kasabi.job_tally t
SET cancelled = c.jobs, failed = greatest(t.failed - c.jobs, 0)
FROM (
  SELECT date_trunc('minute', end_time) AS minute, type, count(*)::integer AS jobs
  FROM kasabi.job WHERE status = 'cancelled' GROUP BY 1, 2
) AS c
WHERE t.minute = c.minute AND t.type = c.type;

-- Down Migration

UPDATE kasabi.job_tally SET failed = failed + cancelled;
ALTER TABLE kasabi.job_tally DROP COLUMN cancelled;
DROP INDEX kasabi.job_scheduled_of_dataset;
CREATE INDEX job_scheduled_of_dataset ON kasabi.job (dataset_id, due, id) WHERE status = 'scheduled';
DROP INDEX kasabi.job_busy;
DROP INDEX kasabi.job_cancelled;
UPDATE kasabi.job SET status = 'failed' WHERE status = 'cancelled';
ALTER TABLE kasabi.job
  DROP CONSTRAINT lost_are_attempts,
  DROP CONSTRAINT only_failed_has_reason,
  DROP CONSTRAINT failed_says_why,
  ADD CONSTRAINT failed_says_why CHECK (status <> 'failed' OR message IS NOT NULL),
  DROP CONSTRAINT ended_has_end_time,
  ADD CONSTRAINT ended_has_end_time
    CHECK ((status IN ('completed', 'failed')) = (end_time IS NOT NULL)),
  DROP CONSTRAINT job_status_check,
  ADD CONSTRAINT job_status_check CHECK (status IN ('scheduled', 'running', 'completed', 'failed')),
  DROP COLUMN repeats,
  DROP COLUMN busy_since,
  DROP COLUMN lost,
  DROP COLUMN reason;

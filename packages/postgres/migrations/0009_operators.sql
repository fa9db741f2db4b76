-- What operators need at scale: an audit of everything they do, findings that they acknowledge, and an index for
-- the lists of one dataset's ended jobs.

-- Up Migration

-- No CHECK on action: packages/operations/src/record-action.ts is the list, so that a new action needs no
-- migration.
ALTER TABLE kasabi.operator_action DROP CONSTRAINT IF EXISTS operator_action_action_check;
ALTER TABLE kasabi.operator_action
  -- Its subject, where that is neither a job nor a dataset: an owner, a key, a finding.
  ADD COLUMN subject text,
  -- Further details: the filter and the counts of a bulk action, a reason, a file.
  ADD COLUMN detail text,
  -- The bulk action that it is a part of.
  ADD COLUMN part_of uuid;
CREATE INDEX operator_action_part_of ON kasabi.operator_action (part_of, id)
  WHERE part_of IS NOT NULL;

-- A finding that an operator has acknowledged: it raises no alarm until its mark changes or this time has come.
CREATE TABLE kasabi.finding_acknowledgement (
  code text NOT NULL,
  -- The job, dataset or worker that the finding concerns; empty for the system as a whole.
  subject text NOT NULL DEFAULT '',
  mark text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  until timestamptz NOT NULL CHECK (until > at),
  operator_address text NOT NULL,
  note text,
  PRIMARY KEY (code, subject)
);

-- A dataset's ended jobs by outcome, newest first. Jobs that have not ended have small indexes of their own and
-- stay out of this one, so a job is written into it once.
CREATE INDEX job_ended_of_dataset ON kasabi.job (dataset_id, status, id DESC)
  WHERE status IN ('completed', 'failed', 'cancelled');
-- The jobs that failed most recently, whenever they were accepted.
CREATE INDEX job_failed_at ON kasabi.job (end_time DESC) WHERE status = 'failed';
-- The datasets of an owner.
CREATE INDEX dataset_of_owner ON kasabi.dataset (owner_id, code);

GRANT SELECT, INSERT, UPDATE, DELETE ON kasabi.finding_acknowledgement TO kasabi_api;
GRANT SELECT ON kasabi.finding_acknowledgement TO kasabi_status;

-- Down Migration

DROP INDEX kasabi.dataset_of_owner;
DROP INDEX kasabi.job_failed_at;
DROP INDEX kasabi.job_ended_of_dataset;
DROP TABLE kasabi.finding_acknowledgement;
DROP INDEX kasabi.operator_action_part_of;
ALTER TABLE kasabi.operator_action
  DROP COLUMN subject, DROP COLUMN detail, DROP COLUMN part_of;
-- Not valid: what operators did meanwhile is kept.
ALTER TABLE kasabi.operator_action ADD CONSTRAINT operator_action_action_check
  CHECK (action IN ('cancel', 'retry', 'unlock', 'pause', 'resume')) NOT VALID;

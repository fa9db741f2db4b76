-- How many unfinished jobs a dataset has at most, so that the limit on them costs the same for one as for a
-- million: packages/jobs/src/open-jobs.ts.

-- Up Migration

CREATE TABLE kasabi.open_jobs (
  dataset_id integer PRIMARY KEY REFERENCES kasabi.dataset ON DELETE CASCADE,
  -- The jobs that were unfinished at the last count, and all that were accepted since.
  jobs integer NOT NULL CHECK (jobs >= 0),
  -- When they were counted.
  counted timestamptz NOT NULL
)
-- Every batch of jobs changes rows, and nothing that is in an index: with room in its page, a row stays there.
WITH (fillfactor = 50);

GRANT SELECT (counted, dataset_id, jobs),
  INSERT (counted, dataset_id, jobs),
  UPDATE (counted, jobs)
  ON kasabi.open_jobs TO kasabi_api;

-- Down Migration

DROP TABLE kasabi.open_jobs;

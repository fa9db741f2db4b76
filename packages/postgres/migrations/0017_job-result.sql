-- The newest export of a dataset, which its description names.

-- Up Migration
-- Without a transaction

DROP INDEX CONCURRENTLY IF EXISTS kasabi.job_with_result;
CREATE INDEX CONCURRENTLY job_with_result ON kasabi.job (dataset_id, end_time DESC) WHERE result IS NOT NULL;

-- Down Migration

DROP INDEX kasabi.job_with_result;

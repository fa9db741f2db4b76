-- Up Migration

-- Each service compares the schema with the migrations that it knows.
GRANT SELECT ON kasabi.migration TO kasabi_api, kasabi_worker, kasabi_status;

-- What is wrong with Redis when it answers a worker but does not accept writes.
ALTER TABLE kasabi.worker ADD COLUMN redis_trouble text
  CONSTRAINT worker_redis_trouble CHECK (redis_trouble IS NULL OR NOT redis_answers);
GRANT SELECT (redis_trouble) ON kasabi.worker TO kasabi_api, kasabi_worker, kasabi_status;
GRANT INSERT (redis_trouble), UPDATE (redis_trouble) ON kasabi.worker TO kasabi_worker;

-- Down Migration

ALTER TABLE kasabi.worker DROP COLUMN redis_trouble;
REVOKE SELECT ON kasabi.migration FROM kasabi_api, kasabi_worker, kasabi_status;

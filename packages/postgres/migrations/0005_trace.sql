-- The trace of the request that asked for a job (W3C traceparent), where requests are traced: later work for the
-- job belongs to it, although the request is long over and Redis may forget.

-- Up Migration

ALTER TABLE kasabi.job ADD COLUMN trace text
  CHECK (trace ~ '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$');

-- Down Migration

ALTER TABLE kasabi.job DROP COLUMN trace;

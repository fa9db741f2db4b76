-- The request that a client's Idempotency-Key was already used for, so that a repeated request is answered with
-- the job of the first instead of creating another.

-- Up Migration

CREATE TABLE kasabi.idempotency (
  api_key_id integer NOT NULL REFERENCES kasabi.api_key,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  -- SHA-256 of the request; the same key with another payload is the client's mistake.
  fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
  job_id uuid NOT NULL,
  created timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (api_key_id, key)
);

CREATE INDEX idempotency_created ON kasabi.idempotency (created);

GRANT SELECT, INSERT, UPDATE ON kasabi.idempotency TO kasabi_api;
GRANT SELECT, UPDATE, DELETE ON kasabi.idempotency TO kasabi_worker;

-- Down Migration

DROP TABLE kasabi.idempotency;

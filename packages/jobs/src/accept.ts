import { type Access, joinAccess, verdict } from '@kasabi/accounts';
import type { JobParameters, JobType, Refusal } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import type pg from 'pg';
import { publishedNotice } from './by-type.ts';
import { countOpenJobs, takePlaces } from './open-jobs.ts';

/** One request for a job. */
export interface AcceptRequest extends Access {
  readonly type: JobType;
  /** Those of its type; none unless given. */
  readonly parameters?: JobParameters;
  /** When to start; undefined for as soon as possible. */
  readonly startTime: Date | undefined;
  /** The client's Idempotency-Key, with the SHA-256 of its request. */
  readonly idempotency?: { readonly key: string; readonly fingerprint: Buffer } | undefined;
  /** The request's trace as a W3C traceparent, if it is traced. */
  readonly trace?: string | undefined;
}

/** An accepted job, whose record is committed. Times are by Postgres's clock. */
export interface AcceptedJob {
  readonly id: string;
  readonly datasetCode: string;
  readonly created: Date;
  readonly startTime: Date;
  /** What its owner should know. */
  readonly message: string | null;
}

/** Why a request was not accepted. */
export type Rejection =
  | Exclude<Refusal, 'job-unknown'>
  /** The start time lies beyond the horizon. */
  | 'too-far-ahead'
  /** The dataset has as many unfinished jobs as it may have. */
  | 'too-many-open'
  /** The Idempotency-Key was already used for another request. */
  | 'key-reused'
  /** Another request with this Idempotency-Key is just being accepted. */
  | 'in-flight';

/** `replayed`: the job belongs to an earlier request with the same Idempotency-Key. */
export type AcceptOutcome =
  | { readonly outcome: 'accepted' | 'replayed'; readonly job: AcceptedJob }
  | { readonly outcome: Rejection };

export interface AcceptOptions {
  readonly maxScheduleDays: number;
  /** The most unfinished jobs of a dataset; absent or 0 for no limit. */
  readonly maxOpenJobs?: number;
}

/** How long an Idempotency-Key is remembered. */
export const idempotencyHours = 24;

const inMs = (time: string): string => `floor(extract(epoch FROM ${time}) * 1000)`;

// In: arrays of key digests, dataset codes, types, start times in milliseconds since the epoch or null,
// idempotency keys and fingerprints or null; then the horizon in days, the limit on open jobs, and
// arrays of traces and parameters or null. Out: a row per request, in order; the records of those that are `accepted` are
// committed with it.
//
// Ids are made before the joins, which may change the order, so that they follow the order of the requests.
// MATERIALIZED makes each only once. Times are returned as milliseconds, which look the same whatever the settings of
// the session: if a time could not be read, its job would be committed anyway. If an Idempotency-Key conflicts with a
// row that this statement cannot see, a request in flight has inserted it since the statement began; among requests
// with the same key, the first one is in flight for the others. Keys are inserted in order, so that two statements
// never wait for each other.
const text = `
  WITH asked AS MATERIALIZED (
    SELECT a.*, uuidv7() AS id FROM unnest(
        $1::bytea[], $2::text[], $3::text[], $4::float8[], $5::text[], $6::bytea[], $9::text[], $10::jsonb[])
      WITH ORDINALITY AS a (digest, code, type, start_ms, key, fingerprint, trace, parameters, position)
  ), judged AS (
    SELECT a.position, a.id, a.type, a.key, a.fingerprint, a.trace, a.parameters, k.id AS key_id,
           d.id AS dataset_id, prior.job_id AS prior_id,
           CASE d.status WHEN 'published' THEN ${publishedNotice('a.type')} END AS message,
           greatest(to_timestamp(a.start_ms / 1000), now()) AS start_time,
           ${verdict(`
             CASE WHEN prior.fingerprint <> a.fingerprint THEN 'key-reused'
                  WHEN prior.job_id IS NOT NULL THEN 'replayed'
                  WHEN to_timestamp(a.start_ms / 1000) > now() + $7 * interval '1 day'
                    THEN 'too-far-ahead'
                  ELSE 'accepted' END`)} AS outcome
    FROM asked a
    ${joinAccess('a.digest', 'a.code')}
    LEFT JOIN LATERAL (
      SELECT i.fingerprint, i.job_id FROM kasabi.idempotency i
      WHERE i.api_key_id = k.id AND i.key = a.key
        AND i.created > now() - interval '${idempotencyHours} hours' LIMIT 1
    ) AS prior ON true
  ), wanted AS (
    SELECT dataset_id FROM judged WHERE outcome = 'accepted'
  ), ${takePlaces('wanted', '$8::int')}, placed AS (
    SELECT judged.*,
           outcome = 'accepted' AND $8::int > 0 AND row_number() OVER (
             PARTITION BY judged.dataset_id, outcome ORDER BY position) > coalesce(granted.places, 0) AS too_many
    FROM judged LEFT JOIN granted USING (dataset_id)
  ), remembered AS (
    INSERT INTO kasabi.idempotency AS i (api_key_id, key, fingerprint, job_id)
    SELECT DISTINCT ON (key_id, key) key_id, key, fingerprint, id FROM placed
    WHERE outcome = 'accepted' AND too_many IS NOT TRUE AND key IS NOT NULL
    ORDER BY key_id, key, position
    ON CONFLICT (api_key_id, key) DO UPDATE
      SET fingerprint = excluded.fingerprint, job_id = excluded.job_id, created = excluded.created
      WHERE i.created <= now() - interval '${idempotencyHours} hours'
    RETURNING job_id
  ), settled AS MATERIALIZED (
    SELECT p.position, p.type, p.id, p.key_id, p.dataset_id, p.prior_id, p.start_time, p.message,
           p.trace, p.parameters,
           CASE WHEN p.too_many THEN 'too-many-open'
                WHEN p.outcome = 'accepted' AND p.key IS NOT NULL AND r.job_id IS NULL
                  THEN 'in-flight'
                ELSE p.outcome END AS outcome
    FROM placed p LEFT JOIN remembered r ON r.job_id = p.id
  ), accepted AS (
    INSERT INTO kasabi.job (id, dataset_id, type, start_time, due, message, requested_by, trace,
                            parameters)
    SELECT id, dataset_id, type, start_time, start_time, message, key_id, trace,
           coalesce(parameters, '{}')
    FROM settled WHERE outcome = 'accepted' ORDER BY position
  )
  SELECT s.outcome, coalesce(s.prior_id, s.id) AS id,
         ${inMs('coalesce(prior.created, now())')} AS created,
         ${inMs('coalesce(prior.start_time, s.start_time)')} AS start_time, s.message
  FROM settled s
  LEFT JOIN LATERAL (
    SELECT j.created, j.start_time FROM kasabi.job j WHERE j.id = s.prior_id LIMIT 1
  ) AS prior ON true
  ORDER BY s.position`;

interface Row {
  readonly outcome: AcceptOutcome['outcome'];
  readonly id: string;
  /** In milliseconds, as text. */
  readonly created: string;
  readonly start_time: string;
  readonly message: string | null;
}

/**
 * Checks keys and owners, and commits the records of all requests that pass, in one statement and one commit. Returns
 * one outcome per request, in order.
 *
 * A start time in the past becomes now, by Postgres's clock: a job cannot have been due before it was requested, and
 * the clients of the day always sent the time of their own clock.
 *
 * If a dataset seems to have as many open jobs as it may have, they are counted, and its requests are tried once more:
 * see `takePlaces`.
 */
export async function acceptJobs(
  pool: pg.Pool,
  requests: readonly AcceptRequest[],
  options: AcceptOptions,
): Promise<AcceptOutcome[]> {
  const outcomes = await acceptInStatement(pool, requests, options);
  const isFull = (_: unknown, index: number): boolean =>
    outcomes[index]?.outcome === 'too-many-open';
  const full = requests.filter(isFull);
  if (full.length === 0) return outcomes;
  const codes = full.map((request) => request.datasetCode);
  await countOpenJobs(pool, codes, options.maxOpenJobs ?? 0);
  const again = await acceptInStatement(pool, full, options);
  return outcomes.map((outcome, index) =>
    isFull(outcome, index) ? (again.shift() as AcceptOutcome) : outcome,
  );
}

/** The same within a transaction, without the second try. */
export async function acceptInStatement(
  db: Database,
  requests: readonly AcceptRequest[],
  options: AcceptOptions,
): Promise<AcceptOutcome[]> {
  const { rows } = await db.query<Row>({
    name: 'accept',
    text,
    values: [
      requests.map((request) => request.keyDigest),
      requests.map((request) => request.datasetCode ?? null),
      requests.map((request) => request.type),
      requests.map((request) => request.startTime?.getTime() ?? null),
      requests.map((request) => request.idempotency?.key ?? null),
      requests.map((request) => request.idempotency?.fingerprint ?? null),
      options.maxScheduleDays,
      options.maxOpenJobs ?? 0,
      requests.map((request) => request.trace ?? null),
      requests.map(({ parameters }) =>
        parameters === undefined ? null : JSON.stringify(parameters),
      ),
    ],
  });
  return rows.map((row, index) => {
    const { outcome, id, message } = row;
    if (outcome !== 'accepted' && outcome !== 'replayed') return { outcome };
    // An accepted request has one.
    const datasetCode = requests[index]?.datasetCode as string;
    const created = new Date(Number(row.created));
    const startTime = new Date(Number(row.start_time));
    return { outcome, job: { id, datasetCode, created, startTime, message } };
  });
}

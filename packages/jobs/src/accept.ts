import type { Database } from '@kasabi/postgres';
import type { JobType } from '@kasabi/protocol';

/** One request for a job. */
export interface AcceptRequest {
  /** SHA-256 of the caller's API key, 32 bytes. */
  readonly keyDigest: Buffer;
  readonly datasetCode: string;
  readonly type: JobType;
  /** When to start; undefined for as soon as possible. */
  readonly startTime: Date | undefined;
}

/** An accepted job: its record is committed. Times are Postgres's. */
export interface AcceptedJob {
  readonly id: string;
  readonly datasetCode: string;
  readonly created: Date;
  readonly startTime: Date;
}

export type AcceptOutcome =
  | { readonly outcome: 'accepted'; readonly job: AcceptedJob }
  /** The key is unknown, revoked, or not the dataset's owner's. */
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'dataset-unknown' }
  /** The start time lies beyond the horizon that `acceptJobs` was given. */
  | { readonly outcome: 'too-far-ahead' };

interface Row {
  readonly outcome: AcceptOutcome['outcome'];
  readonly id: string;
  readonly created: Date;
  readonly start_time: Date;
}

// uuidv7() is volatile, so `judged` must be evaluated once: MATERIALIZED.
const text = `
  WITH asked AS (
    SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::timestamptz[])
      WITH ORDINALITY AS a (digest, code, type, start_time, position)
  ), judged AS MATERIALIZED (
    SELECT a.position, a.type, uuidv7() AS id, k.id AS key_id, d.id AS dataset_id,
           greatest(a.start_time, now()) AS start_time,
           CASE WHEN k.id IS NULL THEN 'refused'
                WHEN d.id IS NULL THEN 'dataset-unknown'
                WHEN d.owner_id <> k.owner_id THEN 'refused'
                WHEN a.start_time > now() + $5 * interval '1 day' THEN 'too-far-ahead'
                ELSE 'accepted' END AS outcome
    FROM asked a
    LEFT JOIN kasabi.api_key k ON k.digest = a.digest AND k.revoked IS NULL
    LEFT JOIN kasabi.dataset d ON d.code = a.code
  ), accepted AS (
    INSERT INTO kasabi.job (id, dataset_id, type, start_time, due, requested_by)
    SELECT id, dataset_id, type, start_time, start_time, key_id
    FROM judged WHERE outcome = 'accepted' ORDER BY position
  )
  SELECT outcome, id, now() AS created, start_time FROM judged ORDER BY position`;

/**
 * Checks keys and ownership and commits the records of all requests that pass, in one statement and one
 * commit. Returns one outcome per request, in order.
 *
 * A start time in the past becomes now, by Postgres's clock: a job cannot have been due before it was
 * asked for, and the clients of the day always sent their own clock's now.
 */
export async function acceptJobs(
  db: Database,
  requests: readonly AcceptRequest[],
  options: { readonly maxScheduleDays: number },
): Promise<AcceptOutcome[]> {
  const { rows } = await db.query<Row>({
    name: 'accept',
    text,
    values: [
      requests.map((request) => request.keyDigest),
      requests.map((request) => request.datasetCode),
      requests.map((request) => request.type),
      requests.map((request) => request.startTime ?? null),
      options.maxScheduleDays,
    ],
  });
  return rows.map((row, index) =>
    row.outcome === 'accepted'
      ? {
          outcome: 'accepted',
          job: {
            id: row.id,
            datasetCode: (requests[index] as AcceptRequest).datasetCode,
            created: row.created,
            startTime: row.start_time,
          },
        }
      : { outcome: row.outcome },
  );
}

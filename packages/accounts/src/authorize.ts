import type { Refusal } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';

/** A key, by its digest, and the dataset for which it is used. */
export interface Access {
  readonly keyDigest: Buffer;
  /** Its short code; undefined if the request does not name a valid one. */
  readonly datasetCode: string | undefined;
}

/**
 * The rule as SQL: a refusal, or `otherwise`, which is also SQL, for the dataset's owner. It uses `k` and `d` from
 * `joinAccess`.
 */
export const verdict = (otherwise: string): string => `
  CASE WHEN k.id IS NULL THEN 'refused'
       WHEN d.id IS NULL THEN 'dataset-unknown'
       WHEN d.owner_id <> k.owner_id THEN 'refused'
       ELSE ${otherwise} END`;

/**
 * Joins the valid key `k` with this digest and the dataset `d` with this short code, both given as SQL.
 *
 * Postgres estimates ten elements for an array of unknown length, or as many as there are rows, and then reads all keys
 * and all datasets for a single request. LIMIT makes it use the index for each.
 */
export const joinAccess = (digest: string, code: string): string => `
  LEFT JOIN LATERAL (
    SELECT id, owner_id FROM kasabi.api_key WHERE digest = ${digest} AND revoked IS NULL LIMIT 1
  ) AS k ON true
  LEFT JOIN LATERAL (
    SELECT id, code, owner_id, status FROM kasabi.dataset WHERE code = ${code} LIMIT 1
  ) AS d ON true`;

/** Whether a key belongs to the owner of a dataset. */
export type Authorization =
  | { readonly outcome: 'owner'; readonly datasetCode: string }
  | { readonly outcome: Exclude<Refusal, 'job-unknown'> };

interface Row {
  readonly outcome: Authorization['outcome'];
  readonly datasetCode: string;
}

/** Says whether the key belongs to the dataset's owner. */
export async function authorize(db: Database, access: Access): Promise<Authorization> {
  const [authorization] = await authorizeAll(db, [access]);
  return authorization ?? { outcome: 'refused' };
}

/** The same for any number of keys, in one statement. Returns one answer for each, in order. */
export async function authorizeAll(
  db: Database,
  asked: readonly Access[],
): Promise<Authorization[]> {
  const { rows } = await db.query<Row>({
    name: 'authorize-all',
    text: `
      SELECT ${verdict("'owner'")} AS outcome, d.code AS "datasetCode"
      FROM unnest($1::bytea[], $2::text[]) WITH ORDINALITY AS asked (digest, code, position)
      ${joinAccess('asked.digest', 'asked.code')}
      ORDER BY asked.position`,
    values: [asked.map((each) => each.keyDigest), asked.map((each) => each.datasetCode ?? null)],
  });
  return rows.map(({ outcome, datasetCode }) =>
    outcome === 'owner' ? { outcome, datasetCode } : { outcome },
  );
}

import type { Database } from '@kasabi/postgres';

/** What a key may do with a dataset. `refused`: the key is unknown or revoked, or another's. */
export type Authorization = 'owner' | 'refused' | 'dataset-unknown';

/**
 * Says whether the key with this digest belongs to the dataset's owner. `dataset-unknown` is told to
 * valid keys alone, so a caller without one learns nothing of which datasets exist.
 */
export async function authorize(
  db: Database,
  digest: Buffer,
  datasetCode: string,
): Promise<Authorization> {
  const { rows } = await db.query<{ verdict: Authorization }>({
    name: 'authorize',
    text: `
      SELECT CASE WHEN k.id IS NULL THEN 'refused'
                  WHEN d.id IS NULL THEN 'dataset-unknown'
                  WHEN d.owner_id = k.owner_id THEN 'owner'
                  ELSE 'refused' END AS verdict
      FROM (VALUES (1)) AS one
      LEFT JOIN kasabi.api_key k ON k.digest = $1 AND k.revoked IS NULL
      LEFT JOIN kasabi.dataset d ON d.code = $2`,
    values: [digest, datasetCode],
  });
  return rows[0]?.verdict ?? 'refused';
}

/** A key by its digest, and the dataset it is to open. */
export interface Access {
  readonly keyDigest: Buffer;
  readonly datasetCode: string;
}

/** The same for any number of keys, in one statement. Returns one verdict for each, in order. */
export async function authorizeAll(
  db: Database,
  asked: readonly Access[],
): Promise<Authorization[]> {
  const { rows } = await db.query<{ verdict: Authorization }>({
    name: 'authorize-all',
    // LIMIT keeps it to an index for each, whatever Postgres takes the arrays for.
    text: `
      SELECT CASE WHEN k.owner_id IS NULL THEN 'refused'
                  WHEN d.owner_id IS NULL THEN 'dataset-unknown'
                  WHEN d.owner_id = k.owner_id THEN 'owner'
                  ELSE 'refused' END AS verdict
      FROM unnest($1::bytea[], $2::text[]) WITH ORDINALITY AS asked (digest, code, position)
      LEFT JOIN LATERAL (
        SELECT owner_id FROM kasabi.api_key WHERE digest = asked.digest AND revoked IS NULL LIMIT 1
      ) AS k ON true
      LEFT JOIN LATERAL (
        SELECT owner_id FROM kasabi.dataset WHERE code = asked.code LIMIT 1
      ) AS d ON true
      ORDER BY asked.position`,
    values: [asked.map((each) => each.keyDigest), asked.map((each) => each.datasetCode)],
  });
  return rows.map((row) => row.verdict);
}

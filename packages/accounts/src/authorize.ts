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

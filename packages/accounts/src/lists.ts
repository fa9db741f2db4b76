import type { Database } from '@kasabi/postgres';

/** An owner, with the numbers of its datasets and keys. */
export interface OwnerSummary {
  readonly name: string;
  readonly created: Date;
  readonly datasets: number;
  /** How many valid keys it has; revoked ones are not counted. */
  readonly keys: number;
}

/** What may be shown of an API key: neither the key nor its digest. */
export interface KeySummary {
  readonly keyId: number;
  readonly owner: string;
  readonly created: Date;
  /** Null while it is valid. */
  readonly revoked: Date | null;
}

/** All owners, in the order of their names. */
export async function listOwners(db: Database): Promise<OwnerSummary[]> {
  const { rows } = await db.query<OwnerSummary>(`
    SELECT o.name, o.created, coalesce(d.datasets, 0) AS datasets, coalesce(k.keys, 0) AS keys
    FROM kasabi.owner o
    LEFT JOIN (SELECT owner_id, count(*)::int AS datasets FROM kasabi.dataset GROUP BY 1) AS d
      ON d.owner_id = o.id
    LEFT JOIN (SELECT owner_id, count(*)::int AS keys FROM kasabi.api_key
               WHERE revoked IS NULL GROUP BY 1) AS k ON k.owner_id = o.id
    ORDER BY o.name`);
  return rows;
}

/** All keys, or those of one owner, in the order of their ids. */
export async function listKeys(
  db: Database,
  { owner }: { readonly owner?: string | undefined } = {},
): Promise<KeySummary[]> {
  const { rows } = await db.query<KeySummary>(
    `SELECT k.id AS "keyId", o.name AS owner, k.created, k.revoked
     FROM kasabi.api_key k JOIN kasabi.owner o ON o.id = k.owner_id
     WHERE $1::text IS NULL OR o.name = $1
     ORDER BY k.id`,
    [owner ?? null],
  );
  return rows;
}

/** Whether there is an owner with that name. */
export async function ownerExists(db: Database, name: string): Promise<boolean> {
  const { rowCount } = await db.query('SELECT FROM kasabi.owner WHERE name = $1', [name]);
  return rowCount === 1;
}

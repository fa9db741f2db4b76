import { hash, randomBytes } from 'node:crypto';
import type { Database } from '@kasabi/postgres';
import { KeyTaken, OwnerUnknown } from './errors.ts';

export interface IssuedKey {
  /** The argument of `revokeKey`; safe to log. */
  readonly keyId: number;
  /** The key itself. It is shown once: only its digest is stored. */
  readonly secret: string;
}

/** The SHA-256 digest of a key, 32 bytes: the only form in which a key is stored or sent to Postgres. */
export function digestKey(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** A new random key: `kasabi_` and 256 bits in base64url. */
export function generateKey(): string {
  return `kasabi_${randomBytes(32).toString('base64url')}`;
}

/**
 * Issues a key to an owner. With `secret`, exactly that key becomes valid, even if it was revoked; issuing it again
 * changes nothing.
 *
 * @throws OwnerUnknown if there is no such owner.
 * @throws KeyTaken if `secret` belongs to another owner.
 */
export async function issueKey(
  db: Database,
  ownerName: string,
  options: { readonly secret?: string } = {},
): Promise<IssuedKey> {
  const secret = options.secret ?? generateKey();
  const { rows } = await db.query<{ id: number }>(
    `INSERT INTO kasabi.api_key (owner_id, digest)
     SELECT id, $2 FROM kasabi.owner WHERE name = $1
     ON CONFLICT (digest) DO UPDATE SET revoked = NULL
       WHERE api_key.owner_id = excluded.owner_id
     RETURNING id`,
    [ownerName, digestKey(secret)],
  );
  const keyId = rows[0]?.id;
  if (keyId === undefined) {
    const { rowCount } = await db.query('SELECT FROM kasabi.owner WHERE name = $1', [ownerName]);
    throw rowCount === 0 ? new OwnerUnknown(ownerName) : new KeyTaken();
  }
  return { keyId, secret };
}

/** Revokes a key at once; false if there is no such key or it was already revoked. */
export async function revokeKey(db: Database, keyId: number): Promise<boolean> {
  const { rowCount } = await db.query(
    'UPDATE kasabi.api_key SET revoked = now() WHERE id = $1 AND revoked IS NULL',
    [keyId],
  );
  return rowCount === 1;
}

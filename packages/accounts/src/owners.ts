import { type Database, hasSqlState, sqlState } from '@kasabi/postgres';
import { OwnerExists, OwnerNameInvalid } from './errors.ts';

/** The form of an owner's name, the same as in its CHECK constraint. */
export const ownerNamePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/**
 * Creates an owner. Names have lower-case letters, digits, `.`, `_` and `-`, and at most 63 characters.
 *
 * @throws OwnerNameInvalid
 * @throws OwnerExists if another owner has the name.
 */
export async function createOwner(db: Database, name: string): Promise<{ readonly id: number }> {
  if (!ownerNamePattern.test(name)) throw new OwnerNameInvalid(name);
  try {
    const { rows } = await db.query<{ id: number }>(
      'INSERT INTO kasabi.owner (name) VALUES ($1) RETURNING id',
      [name],
    );
    return rows[0] as { id: number };
  } catch (error) {
    if (hasSqlState(error, sqlState.uniqueViolation)) throw new OwnerExists(name);
    throw error;
  }
}

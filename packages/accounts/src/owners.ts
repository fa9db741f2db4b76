import { type Database, hasSqlState, sqlState } from '@kasabi/postgres';
import { OwnerExists, OwnerNameInvalid } from './errors.ts';

/** What an owner's name looks like, as its CHECK has it. */
export const ownerNamePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/**
 * Creates an owner. Names are lower-case letters, digits, `.`, `_` and `-`, at most 63 characters.
 *
 * @throws OwnerNameInvalid
 * @throws OwnerExists when the name is taken.
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

import type { Database } from '@kasabi/postgres';
import type { Claim } from './claim.ts';
import { LeaseLost } from './errors.ts';

/** The guard that every statement of an attempt carries; its values are `$1`, `$2` and `$3`. */
const held = "id = $1 AND status = 'running' AND lease_holder = $2 AND attempt = $3";

/**
 * Updates the record of a running job if, and only if, this attempt still holds it. `set` is SQL of
 * this package with parameters from `$4` on.
 *
 * @throws LeaseLost when it does not.
 */
export async function updateHeld(
  db: Database,
  claim: Claim,
  set: string,
  values: readonly unknown[] = [],
): Promise<void> {
  const { rowCount } = await db.query(`UPDATE kasabi.job AS job SET ${set} WHERE ${held}`, [
    claim.jobId,
    claim.holder,
    claim.attempt,
    ...values,
  ]);
  if (rowCount !== 1) throw new LeaseLost(claim);
}

import type { Database } from '@kasabi/postgres';

/**
 * Unlocks datasets whose job was cancelled while it held the lock, and returns how many there were. Cancelling does it
 * itself, unless the registry row was held at that moment: by the attempt, which then does it here, or by a writer.
 *
 * @param datasetId only this one; null for all.
 */
export async function unlockCancelled(db: Database, datasetId: number | null): Promise<number> {
  const { rowCount } = await db.query({
    name: 'unlock-cancelled',
    text: `
      WITH left_locked AS (
        SELECT d.id, d.locked_by FROM kasabi.dataset d
        WHERE d.locked_by IS NOT NULL AND ($1::int IS NULL OR d.id = $1) AND (
          SELECT j.status FROM kasabi.job j WHERE j.id = d.locked_by LIMIT 1) = 'cancelled'
      )
      UPDATE kasabi.dataset d
      SET storage_mode = 'read-write', locked_by = NULL, locked_at = NULL, lock_digest = NULL, fence = d.fence + 1
      FROM left_locked WHERE d.id = left_locked.id AND d.locked_by = left_locked.locked_by`,
    values: [datasetId],
  });
  return rowCount ?? 0;
}

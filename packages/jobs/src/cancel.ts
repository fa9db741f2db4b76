import type { Database } from '@kasabi/postgres';

/**
 * Ends a scheduled job as `failed` with `message`, so that it never runs, whatever Redis holds. False
 * when the job is not scheduled (any more).
 */
export async function cancel(
  db: Database,
  request: { readonly jobId: string; readonly message: string },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE kasabi.job SET status = 'failed', end_time = clock_timestamp(), message = $2
     WHERE id = $1 AND status = 'scheduled'`,
    [request.jobId, request.message],
  );
  return rowCount === 1;
}

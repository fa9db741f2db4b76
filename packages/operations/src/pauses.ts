import type { Database } from '@kasabi/postgres';

/** A pause of one dataset's jobs, or of all jobs. */
export interface Pause {
  /** The dataset's short code; null for all jobs. */
  readonly dataset: string | null;
  readonly since: Date;
  readonly reason: string | null;
  /** An operator's address, 'command line', or 'relay'. */
  readonly by: string;
}

/** `by` of a pause that a worker made because Postgres was restored. */
export const relayPaused = 'relay';

/** A SQL query for the pauses: the pause of all jobs first, then the oldest. */
export const selectPauses = `
  SELECT d.code AS dataset, p.since, p.reason, p.paused_by AS by
  FROM kasabi.pause p LEFT JOIN kasabi.dataset d ON d.id = p.dataset_id
  ORDER BY p.dataset_id IS NOT NULL, p.since, p.id`;

/** All pauses: the pause of all jobs first, then the oldest. */
export async function readPauses(db: Database): Promise<Pause[]> {
  const { rows } = await db.query<Pause>({ name: 'pauses', text: selectPauses });
  return rows;
}

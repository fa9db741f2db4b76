import type { NotedEvent } from '@kasabi/jobs';
import type { Database } from '@kasabi/postgres';

/** Something that happened to a job. */
export interface Transition {
  readonly at: Date;
  readonly event: NotedEvent;
  readonly attempt: number;
  /** A worker's holder, 'rescuer', 'owner key N' or 'operator'. */
  readonly actor: string;
  /** For operators only. */
  readonly message: string | null;
}

/** The last 500 transitions of a job, oldest first. */
export async function readTransitions(db: Database, jobId: string): Promise<Transition[]> {
  const { rows } = await db.query<Transition>({
    name: 'transitions',
    text: `
      SELECT at, event, attempt, actor, message FROM kasabi.job_transition
      WHERE job_id = $1 ORDER BY job_transition.at DESC LIMIT 500`,
    values: [jobId],
  });
  return rows.reverse();
}

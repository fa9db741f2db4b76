import type { Database } from '@kasabi/postgres';

/** What an operator did, or tried to do. */
export interface OperatorAction {
  readonly id: string;
  readonly at: Date;
  readonly action: 'cancel' | 'retry' | 'unlock';
  readonly jobId: string | null;
  /** The dataset's short code. */
  readonly dataset: string | null;
  /** The address it came from, or 'command line'. */
  readonly operatorAddress: string;
  /** 'done', or why it was refused. */
  readonly outcome: string;
  /** The job that a retry made. */
  readonly madeJobId: string | null;
}

/** The audit of operators' actions, newest first. */
export async function readOperatorActions(
  db: Database,
  { limit }: { readonly limit: number },
): Promise<OperatorAction[]> {
  const { rows } = await db.query<OperatorAction>({
    name: 'operator-actions',
    text: `
      SELECT a.id, a.at, a.action, a.job_id AS "jobId", d.code AS dataset,
             a.operator_address AS "operatorAddress", a.outcome, a.made_job_id AS "madeJobId"
      FROM kasabi.operator_action a LEFT JOIN kasabi.dataset d ON d.id = a.dataset_id
      ORDER BY a.id DESC LIMIT $1`,
    values: [limit],
  });
  return rows;
}

import type { Database } from '@kasabi/postgres';
import type { OperatorActionName } from './record-action.ts';

/** An audit record: what an operator did or tried to do. */
export interface OperatorAction {
  readonly id: string;
  readonly at: Date;
  readonly action: OperatorActionName;
  readonly jobId: string | null;
  /** The dataset's short code. */
  readonly dataset: string | null;
  /** What it was done to, if that is neither a job nor a dataset. */
  readonly subject: string | null;
  readonly detail: string | null;
  /** The id of the bulk action that it is a part of. */
  readonly partOf: string | null;
  /** The address it came from, or 'command line'. */
  readonly operatorAddress: string;
  /** 'done', or why it was refused. */
  readonly outcome: string;
  /** The job that was made to repeat another. */
  readonly madeJobId: string | null;
}

export interface ActionSearch {
  readonly limit: number;
  /** Only records older than the one with this id, the last one of the previous page. */
  readonly before?: string | undefined;
  /** Only the parts of this bulk action; everything except parts unless given. */
  readonly partOf?: string | undefined;
}

/** Reads the audit, newest first. */
export async function readOperatorActions(
  db: Database,
  { limit, before, partOf }: ActionSearch,
): Promise<OperatorAction[]> {
  const { rows } = await db.query<OperatorAction>(
    `SELECT a.id, a.at, a.action, a.job_id AS "jobId", d.code AS dataset, a.subject, a.detail,
            a.part_of AS "partOf", a.operator_address AS "operatorAddress", a.outcome,
            a.made_job_id AS "madeJobId"
     FROM kasabi.operator_action a LEFT JOIN kasabi.dataset d ON d.id = a.dataset_id
     WHERE a.id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff')::uuid
       AND ${partOf === undefined ? '$3::uuid IS NULL AND (a.part_of IS NULL OR a.job_id IS NULL)' : 'a.part_of = $3::uuid'}
     ORDER BY a.id DESC LIMIT $1`,
    [limit, before ?? null, partOf ?? null],
  );
  return rows;
}

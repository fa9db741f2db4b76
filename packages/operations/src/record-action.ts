import { type Database, withTransaction } from '@kasabi/postgres';

type Pool = Parameters<typeof withTransaction>[0];

/** Everything that an operator may do, under its name in the audit. */
export const operatorActionNames = [
  'cancel',
  'retry',
  'unlock',
  'cancel-all',
  'retry-all',
  'owner-create',
  'key-issue',
  'key-revoke',
  'dataset-create',
  'dataset-publish',
  'dataset-load',
  'dataset-export',
  'dataset-restore',
  'job-submit',
  'pause',
  'resume',
  'acknowledge',
  'unacknowledge',
] as const;

export type OperatorActionName = (typeof operatorActionNames)[number];

/** A new audit record. */
export interface ActionRecord {
  readonly action: OperatorActionName;
  readonly jobId?: string | undefined;
  /** A dataset's short code; if there is no such dataset, the code is kept as the subject. */
  readonly dataset?: string | undefined;
  /** What it was done to, if that is neither a job nor a dataset: an owner, a key, a finding. */
  readonly subject?: string | undefined;
  /** Anything else worth keeping. Never an API key. */
  readonly detail?: string | undefined;
  /** The id of the bulk action that it is a part of. */
  readonly partOf?: string | undefined;
  /** An address, or 'command line'. */
  readonly operatorAddress: string;
  /** 'done' unless given; otherwise the code of the error that refused it. */
  readonly outcome?: string | undefined;
}

/** Writes an audit record and returns its id. */
export async function recordAction(db: Database, record: ActionRecord): Promise<string> {
  const { rows } = await db.query<{ id: string }>({
    name: 'record-action',
    text: `
      INSERT INTO kasabi.operator_action
        (action, job_id, dataset_id, subject, detail, part_of, operator_address, outcome)
      SELECT $1, $2, d.id, CASE WHEN d.id IS NULL THEN coalesce($4, $3) ELSE $4 END, $5, $6, $7, $8
      FROM (VALUES (1)) AS one LEFT JOIN kasabi.dataset d ON d.code = $3
      RETURNING id`,
    values: [
      record.action,
      record.jobId ?? null,
      record.dataset ?? null,
      record.subject ?? null,
      record.detail ?? null,
      record.partOf ?? null,
      record.operatorAddress,
      record.outcome ?? 'done',
    ],
  });
  return (rows[0] as { id: string }).id;
}

/** What an operator asked for, before the outcome is known. */
export type ActionAsked = Omit<ActionRecord, 'outcome' | 'partOf'>;

/**
 * Runs `work`. If it throws an error with a code of ours (`owner-exists`), writes an audit record of the refusal.
 * `work` itself records success, in the transaction that does the work.
 */
export async function recordingRefusal<T>(
  db: Database,
  asked: ActionAsked,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // Our codes are lower-case words; those of Postgres and Node.js are not.
    if (typeof code === 'string' && /^[a-z]+(-[a-z]+)*$/.test(code)) {
      await recordAction(db, { ...asked, outcome: code });
    }
    throw error;
  }
}

/**
 * Does what an operator asks for and writes the audit record in the same transaction; or records why it was refused.
 *
 * @param about what the record gets that is only known afterwards.
 */
export async function recorded<T>(
  pool: Pool,
  asked: ActionAsked,
  work: (client: Database) => Promise<T>,
  about: (result: T) => Partial<ActionRecord> = () => ({}),
): Promise<T> {
  return await recordingRefusal(pool, asked, () =>
    withTransaction(pool, async (client) => {
      const result = await work(client);
      await recordAction(client, { ...asked, ...about(result) });
      return result;
    }),
  );
}

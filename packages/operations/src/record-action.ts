import { type Database, withTransaction } from '@kasabi/postgres';

type Pool = Parameters<typeof withTransaction>[0];

/** Everything that an operator may do, by the audit's names. */
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
  'pause',
  'resume',
  'acknowledge',
  'unacknowledge',
] as const;

export type OperatorActionName = (typeof operatorActionNames)[number];

/** One row of the audit. */
export interface ActionRecord {
  readonly action: OperatorActionName;
  readonly jobId?: string | undefined;
  /** A dataset's short code. One that does not exist is kept as the subject. */
  readonly dataset?: string | undefined;
  /** What it was done to, where that is neither a job nor a dataset: an owner, a key, a finding. */
  readonly subject?: string | undefined;
  /** What else there is to say. Never a key. */
  readonly detail?: string | undefined;
  /** The bulk action that it is a part of. */
  readonly partOf?: string | undefined;
  /** An address, or 'command line'. */
  readonly operatorAddress: string;
  /** 'done' unless given; else the code of what refused it. */
  readonly outcome?: string | undefined;
}

/** Writes a row of the audit and returns its id. */
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

/** What an operator asked for, before it is known how it came out. */
export type ActionAsked = Omit<ActionRecord, 'outcome' | 'partOf'>;

/**
 * Runs `work`, and records in the audit that it was refused when it throws an error with a code of ours
 * (`owner-exists`). That it was done is for `work` to record, in the transaction that does it.
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
    // Codes of ours are lower-case words; Postgres's and Node.js's are not.
    if (typeof code === 'string' && /^[a-z]+(-[a-z]+)*$/.test(code)) {
      await recordAction(db, { ...asked, outcome: code });
    }
    throw error;
  }
}

/**
 * Does what an operator asks for and records it in the audit, in one transaction; or records why it was
 * refused.
 *
 * @param about adds to the record what is known only afterwards.
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

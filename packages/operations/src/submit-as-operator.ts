import type { JobParameters, JobType } from '@kasabi/domain';
import { acceptInStatement } from '@kasabi/jobs';
import { recorded } from './record-action.ts';

/** A job that an operator asks for. */
export interface SubmitAction {
  /** The dataset's short code. */
  readonly dataset: string;
  readonly type: JobType;
  readonly parameters: JobParameters;
  /** As soon as possible unless given. */
  readonly startTime?: Date | undefined;
  /** An address, or 'command line'. */
  readonly operatorAddress: string;
}

export type OperatorSubmitOutcome =
  | { readonly outcome: 'done'; readonly jobId: string }
  | { readonly outcome: 'dataset-unknown' }
  /** The dataset's owner has no valid key, and a job belongs to one. */
  | { readonly outcome: 'no-key' };

/** How far ahead an operator may set a job, in days: as far as the api can be told to allow. */
const maxScheduleDays = 36_500;

/**
 * Makes a job in the name of the dataset's owner, with their newest key and an audit record. The limit on open jobs does
 * not count. The relay hands it to Redis within moments.
 */
export async function submitAsOperator(
  pool: Parameters<typeof recorded>[0],
  { dataset, type, parameters, startTime, operatorAddress }: SubmitAction,
): Promise<OperatorSubmitOutcome> {
  const { rows } = await pool.query<{ digest: Buffer | null }>(
    `SELECT (SELECT k.digest FROM kasabi.api_key k
             WHERE k.owner_id = d.owner_id AND k.revoked IS NULL ORDER BY k.id DESC LIMIT 1) AS digest
     FROM kasabi.dataset d WHERE d.code = $1`,
    [dataset],
  );
  const [owner] = rows;
  if (owner === undefined) return { outcome: 'dataset-unknown' };
  const { digest: keyDigest } = owner;
  if (keyDigest === null) return { outcome: 'no-key' };
  const asked = { action: 'job-submit', dataset, detail: type, operatorAddress } as const;
  return await recorded(
    pool,
    asked,
    async (client) => {
      const [answer] = await acceptInStatement(
        client,
        [{ keyDigest, datasetCode: dataset, type, parameters, startTime }],
        { maxScheduleDays },
      );
      if (answer?.outcome !== 'accepted') throw new Error(`The job was ${answer?.outcome}.`);
      return { outcome: 'done', jobId: answer.job.id };
    },
    ({ jobId }) => ({ jobId }),
  );
}

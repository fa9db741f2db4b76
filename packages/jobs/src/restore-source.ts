import { type Access, joinAccess } from '@kasabi/accounts';
import {
  type ExportedFile,
  fileOf,
  type JobResult,
  type JobType,
  type RecordStatus,
} from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import type { Claim } from './claim.ts';

/** What a restore may be made from, or why it may not. */
export type RestoreSource =
  | { readonly outcome: 'usable'; readonly file: ExportedFile }
  /** No such job, or one of another owner's. */
  | { readonly outcome: 'unknown' }
  /** The job has made no file, and why. */
  | { readonly outcome: 'no-file'; readonly type: JobType; readonly status: RecordStatus }
  | { readonly outcome: 'expired'; readonly expires: string };

interface Row {
  readonly type: JobType;
  readonly status: RecordStatus;
  readonly result: JobResult | null;
  readonly expired: boolean | null;
}

const columns = `s.type, s.status, s.result, (s.result ->> 'expires')::timestamptz <= now() AS expired`;

/**
 * Finds the export that a restore names, for who asks for it. Undefined if the key is not the dataset's owner's or there
 * is no such dataset, which accepting the job tells.
 */
export async function findRestoreSource(
  db: Database,
  access: Access,
  sourceId: string,
): Promise<RestoreSource | undefined> {
  const { rows } = await db.query<Row | Record<keyof Row, null>>({
    name: 'find-restore-source',
    text: `
      SELECT ${columns}
      FROM (SELECT $1::bytea AS digest, $2::text AS code) AS asked
      ${joinAccess('asked.digest', 'asked.code')}
      LEFT JOIN (kasabi.job s JOIN kasabi.dataset o ON o.id = s.dataset_id)
        ON s.id = $3 AND o.owner_id = k.owner_id
      WHERE d.owner_id = k.owner_id`,
    values: [access.keyDigest, access.datasetCode ?? null, sourceId],
  });
  const [row] = rows;
  if (row === undefined) return undefined;
  return row.type === null ? { outcome: 'unknown' } : sourceOf(row);
}

/** Finds it again for the attempt that restores. */
export async function readRestoreSource(
  db: Database,
  { datasetId }: Pick<Claim, 'datasetId'>,
  sourceId: string,
): Promise<RestoreSource> {
  const { rows } = await db.query<Row>({
    name: 'read-restore-source',
    text: `
      SELECT ${columns}
      FROM kasabi.job s
      JOIN kasabi.dataset o ON o.id = s.dataset_id
      JOIN kasabi.dataset d ON d.owner_id = o.owner_id
      WHERE s.id = $1 AND d.id = $2`,
    values: [sourceId, datasetId],
  });
  const [row] = rows;
  return row === undefined ? { outcome: 'unknown' } : sourceOf(row);
}

function sourceOf({ type, status, result, expired }: Row): RestoreSource {
  const file = fileOf(result);
  if (file === undefined) return { outcome: 'no-file', type, status };
  return expired === true
    ? { outcome: 'expired', expires: file.expires }
    : { outcome: 'usable', file };
}

import type { RecordStatus } from '@kasabi/domain';
import type { Change, Row } from './change-log.ts';

/** What has been committed so far, as far as the promises speak of it. */
export interface World {
  readonly jobs: Readonly<Record<string, Job>>;
  readonly dataset: Dataset;
  /** By session, the attempt it claimed last. */
  readonly claims: Readonly<Record<string, Attempt>>;
  /** By job, how often its clearing was committed. */
  readonly clears: Readonly<Record<string, number>>;
  /** A pause has returned, and said that nothing starts any more. */
  readonly paused: boolean;
}

export interface Job {
  readonly status: RecordStatus;
  readonly attempt: number;
  readonly lost: number;
}

export interface Dataset {
  readonly mode: string;
  readonly lockedBy: string | null;
  readonly fence: number;
}

export interface Attempt {
  readonly jobId: string;
  readonly attempt: number;
}

/** The changes of one transaction. */
export type Group = readonly [Change, ...Change[]];

export const jobOf = (row: Row): Job => ({
  status: row['status'] as RecordStatus,
  attempt: row['attempt'] as number,
  lost: row['lost'] as number,
});

export const datasetOf = (row: Row): Dataset => ({
  mode: row['storage_mode'] as string,
  lockedBy: row['locked_by'] as string | null,
  fence: row['fence'] as number,
});

export const startWorld = (jobs: readonly Row[], dataset: Row): World => ({
  jobs: Object.fromEntries(jobs.map((row) => [row['id'], jobOf(row)])),
  dataset: datasetOf(dataset),
  ...{ claims: {}, clears: {}, paused: false },
});

export const hasEnded = (status: RecordStatus): boolean =>
  status !== 'scheduled' && status !== 'running';

/**
 * Changes by transaction, in the order of the commits: that of the session whose step it was, and then those
 * of the sessions that had waited for it, each of which commits one statement at most.
 */
export function groupsOf(changes: readonly Change[], stepped: string): Group[] {
  const groups = new Map<string, [Change, ...Change[]]>();
  for (const change of changes) {
    const group = groups.get(change.transaction);
    if (group === undefined) groups.set(change.transaction, [change]);
    else group.push(change);
  }
  return [...groups.values()].sort(
    ([a], [b]) => Number(b.session === stepped) - Number(a.session === stepped) || a.seq - b.seq,
  );
}

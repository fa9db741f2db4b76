import { type Database, hasSqlState, sqlState } from '@kasabi/postgres';
import { DatasetBusy } from './errors.ts';

/** A transaction that keeps a job from its dataset. */
interface Blocker {
  /** Null for a prepared transaction, which has no process. */
  readonly pid: number | null;
  readonly application: string | null;
  readonly username: string | null;
  /** When it began or was prepared; null where Postgres does not show it. */
  readonly since: Date | null;
  readonly state: string | null;
  readonly state_since: Date | null;
  /** The name of a prepared transaction. */
  readonly prepared: string | null;
}

export interface NamingRequest {
  readonly datasetId: number;
  /** How often to look for blockers while the work runs, in milliseconds. */
  readonly everyMs: number;
}

/** The most blockers that are named, the oldest first. */
const mostNamed = 5;

/**
 * Does work that may have to wait for locks of a dataset, and meanwhile looks up who holds them: after a wait
 * has been given up, Postgres no longer tells. `db` is another connection than the one that waits.
 *
 * @throws DatasetBusy naming the blockers, where the work throws one or fails because a lock was not available
 * (55P03); otherwise what the work throws.
 */
export async function namingBlockers<T>(
  db: Database,
  { datasetId, everyMs }: NamingRequest,
  work: () => Promise<T>,
): Promise<T> {
  let known: readonly string[] = [];
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    const found = await readBlockers(db, datasetId);
    if (found.length > 0) known = found;
  };
  const timer = setInterval(() => {
    // A blocker that this lookup misses is named by the next one, or not at all.
    looking ??= look()
      .catch(() => undefined)
      .finally(() => {
        looking = undefined;
      });
  }, everyMs);
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DatasetBusy || hasSqlState(error, sqlState.lockNotAvailable)))
      throw error;
    await looking;
    if (known.length === 0) await look().catch(() => undefined);
    throw new DatasetBusy(datasetId, { cause: error, blockers: known });
  } finally {
    clearInterval(timer);
  }
}

/** What keeps a job from this dataset just now, each blocker in words for operators. */
export async function readBlockers(db: Database, datasetId: number): Promise<string[]> {
  const { rows } = await db.query<Blocker>({
    name: 'dataset-blockers',
    text: 'SELECT * FROM kasabi.dataset_blockers($1)',
    values: [datasetId],
  });
  const named = rows.slice(0, mostNamed).map(describe);
  return rows.length > named.length ? [...named, `${rows.length - named.length} more`] : named;
}

function describe({ pid, application, username, since, ...rest }: Blocker): string {
  const began = since === null ? '' : ` since ${second(since)}`;
  const by = username === null ? '' : ` of ${username}`;
  if (pid === null) {
    // Quoted as SQL text, so that it can be copied; nothing in it may begin another line.
    const name = (rest.prepared ?? '').replaceAll("'", "''").replaceAll(/\p{Cc}/gu, '?');
    return `the prepared transaction '${name}'${by}${began}, which must be committed or rolled back`;
  }
  const { state, state_since: stateSince } = rest;
  const what = application ? ` (${application})` : '';
  const now =
    state === null ? '' : `, ${state}${stateSince === null ? '' : ` since ${second(stateSince)}`}`;
  return `process ${pid}${what}${by}, in a transaction${began}${now}`;
}

const second = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`;

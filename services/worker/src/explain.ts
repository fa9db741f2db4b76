import { DatasetBusy } from '@kasabi/datasets';
import { isTransient } from '@kasabi/postgres';

/** Says to operators what happened, as far as a record can hold it. */
export function causeOf(error: unknown): string {
  const { name, message, code } = error as NodeJS.ErrnoException;
  const text = error instanceof Error ? `${name}: ${message}` : String(error);
  return (code === undefined ? text : `${text} [${code}]`).slice(0, 1_000);
}

/**
 * Says to the owner why another attempt follows, without what only operators understand.
 *
 * @param leftMs for how long attempts go on.
 */
export function messageOfRetry(error: unknown, leftMs: number): string {
  const why =
    error instanceof DatasetBusy
      ? 'Writers keep the dataset busy, so the job cannot begin yet.'
      : 'The database was unavailable or busy.';
  const until = new Date(Date.now() + Math.max(0, leftMs)).toISOString().slice(0, 16);
  return leftMs > 0
    ? `${why} It is tried again by itself, until ${until}Z.`
    : `${why} It is tried again by itself.`;
}

/**
 * Says to the owner why the job failed, and what to do.
 *
 * @param triedMs how long ago its first attempt began.
 */
export function messageOfFailure(error: unknown, triedMs: number): string {
  if (error instanceof DatasetBusy) {
    return `Writers kept the dataset busy for ${inWords(triedMs)}, so it could not be locked. Nothing was changed; ask again when they have finished.`;
  }
  if (isTransient(error)) {
    return `The database was unavailable or busy for ${inWords(triedMs)}. Nothing was changed; ask again later.`;
  }
  return 'The job hit an unexpected error; the operators find it in the log under its id.';
}

function inWords(ms: number): string {
  const [count, unit] =
    ms < 120_000
      ? [ms / 1_000, 'second']
      : ms < 7_200_000
        ? [ms / 60_000, 'minute']
        : [ms / 3_600_000, 'hour'];
  const rounded = Math.max(1, Math.round(count));
  return `${rounded} ${unit}${rounded === 1 ? '' : 's'}`;
}

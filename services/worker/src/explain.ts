import { DatasetBusy, SourceMalformed, TermNotExportable } from '@kasabi/datasets';
import { FileDamaged, ObjectMissing, StoreUnavailable } from '@kasabi/exports';
import { isTransient } from '@kasabi/postgres';
import { SourceUnusable } from './handlers/restore.ts';

/** Describes an error for operators, short enough for a record. */
export function causeOf(error: unknown): string {
  const { name, message, code } = error as NodeJS.ErrnoException;
  const text = error instanceof Error ? `${name}: ${message}` : String(error);
  return (code === undefined ? text : `${text} [${code}]`).slice(0, 1_000);
}

/**
 * Tells the owner why another attempt follows, without details that only operators understand.
 *
 * @param leftMs how long further attempts are made.
 */
export function messageOfRetry(error: unknown, leftMs: number): string {
  const why =
    error instanceof DatasetBusy
      ? 'Writers keep the dataset busy, so the job cannot begin yet.'
      : error instanceof StoreUnavailable
        ? `The file could not be ${error.isReading ? 'read' : 'stored'}.`
        : 'The database was unavailable or busy.';
  const until = new Date(Date.now() + Math.max(0, leftMs)).toISOString().slice(0, 16);
  return leftMs > 0
    ? `${why} It is retried automatically until ${until}Z.`
    : `${why} It is retried automatically.`;
}

/**
 * Tells the owner why the job failed, and what to do.
 *
 * @param triedMs how long ago its first attempt began.
 */
export function messageOfFailure(error: unknown, triedMs: number): string {
  if (error instanceof DatasetBusy) {
    return `Writers kept the dataset busy for ${inWords(triedMs)}, so it could not be locked. Nothing was changed; ask again when they have finished.`;
  }
  if (error instanceof StoreUnavailable && error.isReading) {
    return `The file could not be read for ${inWords(triedMs)}, because its store was unavailable. Nothing was changed; ask again later.`;
  }
  if (error instanceof StoreUnavailable) {
    return `The file could not be stored for ${inWords(triedMs)}, because its store was unavailable or full. There is no file, and nothing was changed; ask again later.`;
  }
  if (error instanceof TermNotExportable) {
    return 'The dataset has a term with a control character, which no N-Quads file may have. There is no file, and nothing was changed; correct the term and ask again.';
  }
  if (error instanceof SourceUnusable) {
    return `${error.message} Nothing was changed; ask again with another export.`;
  }
  if (error instanceof ObjectMissing) {
    return 'The file of the export is gone. Nothing was changed; ask again with another export.';
  }
  if (error instanceof FileDamaged || error instanceof SourceMalformed) {
    return 'The file of the export is damaged. Nothing was changed; ask again with another export, and tell the operators.';
  }
  if (isTransient(error)) {
    return `The database was unavailable or busy for ${inWords(triedMs)}. Nothing was changed; ask again later.`;
  }
  return 'The job hit an unexpected error; operators find it in the log under the id of the job.';
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

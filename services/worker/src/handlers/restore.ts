import { namingBlockers, restoreDataset, unlockDataset } from '@kasabi/datasets';
import { type Delivery, type ExportedFile, type JobProgress, jobTypes } from '@kasabi/domain';
import { type ExportStore, FileDamaged, readObject } from '@kasabi/exports';
import {
  complete,
  copySessionName,
  LeaseLost,
  readRestoreSource,
  unlockCancelled,
} from '@kasabi/jobs';
import { inSpan } from '@kasabi/tracing';
import type pg from 'pg';
import type { Handler, JobContext } from './handler.ts';
import { keepReporting } from './keep-reporting.ts';
import type { ResetLimits } from './reset.ts';
import { namingOf, takeLock } from './take-lock.ts';

export interface RestoreServices extends Omit<ResetLimits, 'truncateFromBytes'> {
  /** Connections without pipeline mode and without a limit on the time of a statement. */
  readonly copies: pg.Pool;
  readonly store: ExportStore;
}

/** There is no file to restore from any more, or never was. The message is for owners. */
export class SourceUnusable extends Error {
  readonly code = 'restore-source-unusable';
}

export const createRestore =
  (services: RestoreServices): Handler =>
  (context) =>
    restore(context, services);

/**
 * Replaces the data of a dataset with that of an export. The dataset is locked first, as for a reset. One transaction
 * loads the file, finds out whether it is whole and the right one, and only then replaces the data, unlocks the dataset
 * and completes the record.
 */
async function restore(
  context: JobContext,
  services: RestoreServices,
): Promise<Delivery | undefined> {
  const { claim, pool, upkeep, log } = context;
  const { source } = jobTypes.restore.parameters.parse(claim.parameters);
  const file = await findFile(context, source);
  const { copies, store, lockTimeoutMs, ...limits } = services;
  const held = await takeLock(context, lockTimeoutMs);
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const done = { quads: 0, bytes: 0 };
  const stopReporting = keepReporting(context, over, () => progressOf(done, file));
  const onQuads = (quads: number): void => {
    done.quads = quads;
  };
  const onBytes = (bytes: number): void => {
    done.bytes = bytes;
  };
  const request = {
    ...{ ...held, ...limits, lines: readObject(store, file, { signal, onBytes }), onQuads, signal },
    sessionName: copySessionName(claim),
  };
  try {
    return await namingBlockers(upkeep, namingOf(context, lockTimeoutMs), () =>
      inSpan('restore', {}, () =>
        restoreDataset(copies, request, async (client, { quads, previousQuads, method }) => {
          if (quads !== file.quads) {
            throw new FileDamaged(file.object, `it has ${quads} quads instead of ${file.quads}.`);
          }
          // Last, to keep it short: from here to the commit, writers wait for the registry row.
          await unlockDataset(client, held);
          const next = await complete(client, claim, { quads, source, previousQuads });
          log.debug({ fence: held.fence, method }, 'restored and unlocked');
          return next;
        }),
      ),
    );
  } catch (error) {
    if (signal.aborted || error instanceof LeaseLost) {
      // Who cancelled it has unlocked the dataset, unless this transaction kept them from it.
      await unlockCancelled(pool, claim.datasetId).catch((reason: unknown) => {
        log.warn({ err: reason }, 'left to the loop that unlocks');
      });
    }
    throw error;
  } finally {
    stopReporting();
  }
}

async function findFile({ claim, pool }: JobContext, sourceId: string): Promise<ExportedFile> {
  const source = await readRestoreSource(pool, claim, sourceId);
  switch (source.outcome) {
    case 'usable':
      return source.file;
    case 'expired':
      throw new SourceUnusable(`The file of the export was kept until ${source.expires}.`);
    case 'unknown':
    case 'no-file':
      throw new SourceUnusable('There is no such export of this owner any more.');
  }
}

const progressOf = (
  { quads, bytes }: { readonly quads: number; readonly bytes: number },
  file: ExportedFile,
): JobProgress => ({ quads, bytes, ofQuads: file.quads, ofBytes: file.bytes });

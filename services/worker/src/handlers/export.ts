import { copyDataset, type DatasetCopy } from '@kasabi/datasets';
import {
  type Delivery,
  type ExportedFile,
  type ExportFormat,
  type JobProgress,
  jobTypes,
} from '@kasabi/domain';
import { type ExportStore, writeObject } from '@kasabi/exports';
import { complete, copySessionName, LeaseLost } from '@kasabi/jobs';
import { withTransaction } from '@kasabi/postgres';
import { inSpan } from '@kasabi/tracing';
import type pg from 'pg';
import type { Handler, JobContext } from './handler.ts';
import { keepReporting } from './keep-reporting.ts';

const dayMs = 86_400_000;

export interface ExportServices {
  /** Connections without pipeline mode and without a limit on the time of a statement. */
  readonly pool: pg.Pool;
  readonly store: ExportStore;
  readonly retentionDays: number;
  /** How long an attempt waits for somebody who alters the table, in milliseconds. */
  readonly lockTimeoutMs: number;
}

export const createExport =
  (services: ExportServices): Handler =>
  (context) =>
    exportDataset(context, services);

/** Writes a dataset to a file, which is all that the job does. */
async function exportDataset(
  context: JobContext,
  services: ExportServices,
): Promise<Delivery | undefined> {
  const { claim, pool, signal } = context;
  const { format } = jobTypes.export.parameters.parse(claim.parameters);
  const file = await writeExport(context, services, format);
  return await keeping(context, services, file, () =>
    withTransaction(
      pool,
      (client) => inSpan('complete', {}, () => complete(client, claim, file)),
      signal,
    ),
  );
}

/**
 * Writes a dataset to a new object in the store. The commit that completes the record names the object: before that
 * nobody can see it, and an attempt that ends otherwise leaves it to the sweeper, if it cannot remove it.
 */
export async function writeExport(
  context: JobContext,
  services: ExportServices,
  format: ExportFormat,
): Promise<ExportedFile> {
  const { claim } = context;
  const { jobId, datasetId } = claim;
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const request = {
    datasetId,
    signal,
    sessionName: copySessionName(claim),
    lockTimeoutMs: services.lockTimeoutMs,
  };
  const file = await inSpan('export', {}, () =>
    copyDataset(services.pool, request, async (copy): Promise<Omit<ExportedFile, 'expires'>> => {
      let bytes = 0;
      const stopReporting = keepReporting(context, over, () => progressOf(copy, bytes));
      try {
        const onBytes = (written: number): void => {
          bytes = written;
        };
        const { lines, snapshotTime } = copy;
        const written = await writeObject(services.store, {
          ...{ jobId, format, lines, signal, onBytes },
        });
        return { ...written, format, quads: copy.quads, snapshotTime };
      } finally {
        stopReporting();
      }
    }),
  );
  const expires = new Date(Date.now() + services.retentionDays * dayMs).toISOString();
  return { ...file, expires };
}

/** Removes a new file if the commit that was to name it has lost the lease. */
export async function keeping<T>(
  { claim: { jobId }, log }: JobContext,
  { store }: ExportServices,
  { object }: ExportedFile,
  commit: () => Promise<T>,
): Promise<T> {
  try {
    return await commit();
  } catch (error) {
    // Any other error may hide that it was committed, which only the sweeper can find out.
    if (error instanceof LeaseLost) {
      await store.remove({ jobId, object }).catch((reason: unknown) => {
        log.warn({ err: reason }, 'left to the sweeper');
      });
    }
    throw error;
  }
}

const progressOf = (copy: DatasetCopy, bytes: number): JobProgress => ({
  quads: copy.quads,
  bytes,
  ofQuads: copy.estimatedQuads === null ? null : Math.max(copy.estimatedQuads, copy.quads),
  ofBytes: null,
});

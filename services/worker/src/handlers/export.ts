import { copyDataset, type DatasetCopy } from '@kasabi/datasets';
import { type Delivery, type ExportedFile, type JobProgress, jobTypes } from '@kasabi/domain';
import { type ExportStore, writeObject } from '@kasabi/exports';
import { complete, exportSessionName, LeaseLost, reportProgress } from '@kasabi/jobs';
import { withTransaction } from '@kasabi/postgres';
import { inSpan } from '@kasabi/tracing';
import type pg from 'pg';
import type { Handler, JobContext } from './handler.ts';

/** How often progress is written, in milliseconds; also how soon a cancelled export notices. */
const progressMs = 500;

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

/**
 * Writes a dataset to a new object in the store. The commit that completes the record names the object: before that
 * nobody can see it, and an attempt that ends otherwise leaves it to the sweeper, if it cannot remove it.
 */
async function exportDataset(
  context: JobContext,
  services: ExportServices,
): Promise<Delivery | undefined> {
  const { claim, pool, log } = context;
  const { format } = jobTypes.export.parameters.parse(claim.parameters);
  const { jobId, datasetId } = claim;
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const request = {
    datasetId,
    signal,
    sessionName: exportSessionName(claim),
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
  try {
    return await withTransaction(
      pool,
      (client) => inSpan('complete', {}, () => complete(client, claim, { ...file, expires })),
      context.signal,
    );
  } catch (error) {
    // Unless it was committed all the same, which only the sweeper can find out.
    if (error instanceof LeaseLost) {
      await services.store.remove({ jobId, object: file.object }).catch((reason: unknown) => {
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

/**
 * Writes the progress from time to time, on a connection that jobs never wait on, until the returned function is called.
 * When the job is no longer this attempt's, it aborts `over`.
 */
function keepReporting(
  { claim, upkeep, log }: JobContext,
  over: AbortController,
  progress: () => JobProgress,
): () => void {
  let reporting = false;
  const report = async (): Promise<void> => {
    if (reporting) return;
    reporting = true;
    try {
      if (!(await reportProgress(upkeep, claim, progress()))) over.abort(new LeaseLost(claim));
    } catch (error) {
      log.debug({ err: error }, 'progress not written');
    } finally {
      reporting = false;
    }
  };
  void report();
  const timer = setInterval(() => void report(), progressMs);
  return () => clearInterval(timer);
}

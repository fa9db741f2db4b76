import { type Access, digestKey } from '@kasabi/accounts';
import {
  apiKeyOf,
  isAbout,
  keyAlone,
  keyDigestOf,
  readJobId,
  readParameters,
  readShortCode,
} from '@kasabi/http';
import { type AskedJob, type FindOutcome, findJobs, type JobRecord } from '@kasabi/jobs';
import { createBatcher } from '@kasabi/postgres';
import { refusalOf } from '@kasabi/protocol';
import type { Request } from 'express';
import type pg from 'pg';

/** A job that was read, and the key with which it was read. */
export interface FoundJob {
  readonly record: JobRecord;
  readonly access: Access;
}

/** The name of a job, and the key that came with it. */
export interface NamedJob {
  readonly key: string;
  readonly datasetCode: string;
  readonly jobId: string;
}

/** Reads jobs for requests. Requests in the same turn of the event loop share a statement. */
export function createJobReader(pool: pg.Pool) {
  const records = createBatcher<AskedJob, FindOutcome>({
    name: 'find batch',
    run: (requests) => findJobs(pool, requests),
    maxSize: 500,
    maxConcurrent: 4,
  });

  async function find(request: Request<{ code: string; id: string }>) {
    const datasetCode = readShortCode(request.params.code);
    const jobId = readJobId(request.params.id);
    const access: Access = { keyDigest: keyDigestOf(request, digestKey), datasetCode };
    const found = await records.add({ ...access, jobId });
    if (found.outcome === 'refused') throw refusalOf(found.outcome, datasetCode);
    if (found.outcome === 'found') isAbout(request, datasetCode, found.job.id);
    else if (found.outcome === 'job-unknown') isAbout(request, datasetCode);
    readParameters(request).all(keyAlone);
    return { jobId, access, found };
  }

  return {
    /**
     * The job that a request's path names, even if it does not exist, once the key is known to be valid.
     *
     * @throws Unauthorized, the error for an invalid parameter, or NotFound for a path that cannot name a job.
     */
    async readName(request: Request<{ code: string; id: string }>): Promise<NamedJob> {
      const { jobId, access, found } = await find(request);
      const { datasetCode } = access;
      if (datasetCode !== undefined && jobId !== undefined) {
        return { key: apiKeyOf(request), datasetCode, jobId };
      }
      const isDatasetThere = found.outcome !== 'dataset-unknown';
      throw refusalOf(isDatasetThere ? 'job-unknown' : 'dataset-unknown', datasetCode);
    },
    /**
     * The job that a request's path names, if the request's key may see it.
     *
     * @throws Unauthorized, NotFound, or the error for an invalid parameter.
     */
    async read(request: Request<{ code: string; id: string }>): Promise<FoundJob> {
      const { access, found } = await find(request);
      if (found.outcome !== 'found') throw refusalOf(found.outcome, access.datasetCode);
      return { record: found.job, access };
    },
    /** How many requests wait for the next statement. */
    get waiting() {
      return records.waiting;
    },
  };
}

export type JobReader = ReturnType<typeof createJobReader>;

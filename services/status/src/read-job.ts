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
import { refusalOf } from '@kasabi/protocol';
import type { Request } from 'express';
import { createBatchedReader } from './sources/batched.ts';
import type { Sources } from './sources/sources.ts';

/** A job that was read, and the key with which it was read. */
export interface FoundJob {
  readonly record: JobRecord;
  readonly access: Access;
  /** As in `Fresh`. */
  readonly knownAt: number;
}

/** The name of a job, and the key that came with it. */
export interface NamedJob {
  readonly key: string;
  readonly datasetCode: string;
  readonly jobId: string;
}

/**
 * How old a job is, in milliseconds, when every standby that is read from has heard of it. Far more than such a standby
 * may be behind: the clock of Postgres, which made the id, and this host's may differ.
 */
const settledMs = 60_000;

/** When a job's record was made, by its id (UUIDv7, RFC 9562), in milliseconds since the epoch. */
const madeAt = (jobId: string): number =>
  Number.parseInt(jobId.replaceAll('-', '').slice(0, 12), 16);

/** A job that is asked for, or its file. */
interface Asked extends AskedJob {
  readonly wantsFile: boolean;
}

/** A request whose path names a job, or the export that a job has made. */
type NamingRequest = Request<{ code: string; id?: string; export?: string }>;

/**
 * A standby may not have heard of a young job, of a key that was just issued, or of a new dataset, nor that a job has
 * made a file.
 */
function isCertain({ jobId, wantsFile }: Asked, found: FindOutcome): boolean {
  if (found.outcome === 'found') return !wantsFile || found.job.endTime !== null;
  if (found.outcome !== 'job-unknown') return false;
  return jobId === undefined || Date.now() - madeAt(jobId) > settledMs;
}

/** Reads jobs for requests. */
export function createJobReader(sources: Sources) {
  const records = createBatchedReader<Asked, FindOutcome>(sources, {
    name: 'find batch',
    run: findJobs,
    maxConcurrent: 4,
    isCertain,
  });

  async function find(request: NamingRequest) {
    const { code, id, export: exported } = request.params;
    const datasetCode = readShortCode(code);
    const jobId = readJobId(id ?? exported ?? '');
    const access: Access = { keyDigest: keyDigestOf(request, digestKey), datasetCode };
    const { result: found, knownAt } = await records.read({
      ...access,
      jobId,
      wantsFile: exported !== undefined,
    });
    if (found.outcome === 'refused') throw refusalOf(found.outcome, datasetCode);
    if (found.outcome === 'found') isAbout(request, datasetCode, found.job.id);
    else if (found.outcome === 'job-unknown') isAbout(request, datasetCode);
    readParameters(request).all(keyAlone);
    return { jobId, access, found, knownAt };
  }

  return {
    /**
     * The job that a request's path names, even if it does not exist, once the key is known to be valid.
     *
     * @throws Unauthorized, the error for an invalid parameter, or NotFound for a path that cannot name a job.
     */
    async readName(request: NamingRequest): Promise<NamedJob> {
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
    async read(request: NamingRequest): Promise<FoundJob> {
      const { access, found, knownAt } = await find(request);
      if (found.outcome !== 'found') throw refusalOf(found.outcome, access.datasetCode);
      return { record: found.job, access, knownAt };
    },
    /** How many requests wait for the next statement. */
    get waiting() {
      return records.waiting;
    },
  };
}

export type JobReader = ReturnType<typeof createJobReader>;

import { type Access, digestKey } from '@kasabi/accounts';
import {
  apiKeyOf,
  isAbout,
  jobIdOf,
  noSuchDataset,
  readParameters,
  shortCodeOf,
} from '@kasabi/http';
import { type AskedJob, type FindOutcome, findJobs, type JobRecord } from '@kasabi/jobs';
import { createBatcher } from '@kasabi/postgres';
import { type ApiError, NotFound, Unauthorized } from '@kasabi/protocol';
import type { Request } from 'express';
import type pg from 'pg';

const parameterNames: ReadonlySet<string> = new Set(['apikey']);

/** A job that was read, and the key that it was read with. */
export interface FoundJob {
  readonly record: JobRecord;
  readonly access: Access;
}

export interface JobReader {
  /**
   * The job that a request's path names, for the key it carries.
   *
   * @throws Unauthorized, NotFound, or what is wrong with the request's parameters.
   */
  read(request: Request<{ code: string; id: string }>): Promise<FoundJob>;
  /**
   * Checks the key that a request carries for the dataset in its path, and nothing else.
   *
   * @throws Unauthorized
   */
  checkKey(request: Request<{ code: string; id: string }>): Promise<void>;
  /** How many requests wait for a statement. */
  readonly waiting: number;
}

/** Why a job is not shown. */
export type NotShown = Exclude<FindOutcome['outcome'], 'found'>;

/** What whoever may not see a job of the dataset `code` is answered. */
export function refusalOf(outcome: NotShown, code: string): ApiError {
  switch (outcome) {
    case 'refused':
      return new Unauthorized();
    case 'dataset-unknown':
      return noSuchDataset(code);
    case 'job-unknown':
      return new NotFound(`The dataset ${code} has no such job.`);
  }
}

/** Reads jobs for requests; those of one turn of the event loop share one statement. */
export function createJobReader(pool: pg.Pool): JobReader {
  const records = createBatcher<AskedJob, FindOutcome>({
    name: 'find batch',
    run: (requests) => findJobs(pool, requests),
    maxSize: 500,
    maxConcurrent: 4,
  });

  async function find(request: Request<{ code: string; id: string }>) {
    const code = shortCodeOf(request.params.code);
    const { parameters, problem } = readParameters(request, parameterNames);
    const keyDigest = digestKey(apiKeyOf(request, parameters));
    const access: Access = { keyDigest, datasetCode: code };
    const found = await records.add({ ...access, jobId: jobIdOf(request.params.id) });
    if (found.outcome === 'refused') throw refusalOf(found.outcome, code);
    if (found.outcome === 'found') isAbout(request, code, found.job.id);
    else if (found.outcome === 'job-unknown') isAbout(request, code);
    return { access, found, problem };
  }

  return {
    async checkKey(request) {
      await find(request);
    },
    async read(request) {
      const { access, found, problem } = await find(request);
      if (problem !== undefined) throw problem;
      if (found.outcome !== 'found') throw refusalOf(found.outcome, access.datasetCode);
      return { record: found.job, access };
    },
    get waiting() {
      return records.waiting;
    },
  };
}

import { digestKey } from '@kasabi/accounts';
import { type AskedJob, type FindOutcome, findJobs, type JobRecord } from '@kasabi/jobs';
import { createBatcher } from '@kasabi/postgres';
import { NotFound, Unauthorized } from '@kasabi/protocol';
import { apiKeyOf, jobIdOf, noSuchDataset, readParameters, shortCodeOf } from '@kasabi/service-kit';
import type { Request } from 'express';
import type pg from 'pg';

const parameterNames: ReadonlySet<string> = new Set(['apikey']);

export interface JobReader {
  /**
   * The job that a request's path names, for the key it carries.
   *
   * @throws Unauthorized, NotFound, or what is wrong with the request's parameters.
   */
  read(request: Request<{ code: string; id: string }>): Promise<JobRecord>;
  /** How many requests wait for a statement. */
  readonly waiting: number;
}

/** Reads jobs for requests; those of one turn of the event loop share one statement. */
export function createJobReader(pool: pg.Pool): JobReader {
  const records = createBatcher<AskedJob, FindOutcome>({
    name: 'find batch',
    run: (requests) => findJobs(pool, requests),
    maxSize: 500,
    maxConcurrent: 4,
  });
  return {
    async read(request) {
      const code = shortCodeOf(request.params.code);
      const { parameters, problem } = readParameters(request, parameterNames);
      const found = await records.add({
        keyDigest: digestKey(apiKeyOf(request, parameters)),
        datasetCode: code,
        jobId: jobIdOf(request.params.id),
      });
      if (found.outcome === 'refused') throw new Unauthorized();
      if (problem !== undefined) throw problem;
      switch (found.outcome) {
        case 'found':
          return found.job;
        case 'dataset-unknown':
          throw noSuchDataset(code);
        case 'job-unknown':
          throw new NotFound(`The dataset ${code} has no such job.`);
      }
    },
    get waiting() {
      return records.waiting;
    },
  };
}

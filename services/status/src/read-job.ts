import { digestKey } from '@kasabi/accounts';
import { findJob, type JobRecord } from '@kasabi/jobs';
import { NotFound, Unauthorized } from '@kasabi/protocol';
import { apiKeyOf, jobIdOf, noSuchDataset, readParameters, shortCodeOf } from '@kasabi/service-kit';
import type { Request } from 'express';
import type pg from 'pg';

const parameterNames: ReadonlySet<string> = new Set(['apikey']);

/**
 * The job that a request's path names, for the key it carries.
 *
 * @throws Unauthorized, NotFound, or what is wrong with the request's parameters.
 */
export async function readJob(
  pool: pg.Pool,
  request: Request<{ code: string; id: string }>,
): Promise<JobRecord> {
  const code = shortCodeOf(request.params.code);
  const { parameters, problem } = readParameters(request, parameterNames);
  const found = await findJob(pool, {
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
}

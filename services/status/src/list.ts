import { authorize, digestKey } from '@kasabi/accounts';
import {
  apiKeyOf,
  type Handlers,
  isAbout,
  noSuchDataset,
  readParameters,
  shortCodeOf,
} from '@kasabi/http';
import { listJobs } from '@kasabi/jobs';
import {
  cursorAfter,
  type JobListDocument,
  jobDocumentOf,
  jobListParameters,
  parseJobListRequest,
  recordStatusesOf,
  type SuccessStatus,
  Unauthorized,
} from '@kasabi/protocol';
import type pg from 'pg';

export interface ListHandlersOptions {
  readonly pool: pg.Pool;
  readonly statusUrl: string;
  readonly successStatus: SuccessStatus;
}

/** What lists a dataset's jobs, newest first, in pages. */
export function listHandlers(options: ListHandlersOptions): Pick<Handlers<'jobs'>, 'listJobs'> {
  const { pool, statusUrl, successStatus } = options;
  return {
    async listJobs(request, response) {
      const code = shortCodeOf(request.params.code);
      const { parameters, problem } = readParameters(request, jobListParameters);
      const verdict = await authorize(pool, digestKey(apiKeyOf(request, parameters)), code);
      if (verdict === 'refused') throw new Unauthorized();
      if (verdict === 'dataset-unknown') throw noSuchDataset(code);
      isAbout(request, code);
      if (problem !== undefined) throw problem;
      const { status, jobType, limit, before } = parseJobListRequest(parameters);

      // One more than asked for tells whether there is another page.
      const found = await listJobs(pool, {
        datasetCode: code,
        limit: limit + 1,
        ...(status !== undefined && { statuses: recordStatusesOf[status] }),
        ...(jobType !== undefined && { jobType }),
        ...(before !== undefined && { before }),
      });
      const page = found.slice(0, limit);
      const list = `${statusUrl}/data/${code}/jobs`;
      const last = page.at(-1);
      if (found.length > limit && last !== undefined) {
        const next = new URLSearchParams({ limit: String(limit), cursor: cursorAfter(last.id) });
        if (status !== undefined) next.set('status', status);
        if (jobType !== undefined) next.set('jobType', jobType);
        response.set('Link', `<${list}?${next}>; rel="next"`);
      }
      const document: JobListDocument = {
        jobs: page.map((job) => ({
          id: job.id,
          url: `${list}/${job.id}`,
          ...jobDocumentOf(job, successStatus),
        })),
      };
      response.set('Cache-Control', 'private, no-cache').json(document);
    },
  };
}

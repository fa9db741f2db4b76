import { authorize, digestKey } from '@kasabi/accounts';
import { type Handlers, isAbout, keyDigestOf, readParameters, readShortCode } from '@kasabi/http';
import { searchJobs } from '@kasabi/jobs';
import {
  cursorAfter,
  type JobListDocument,
  jobDocumentOf,
  jobListParameters,
  parseJobListRequest,
  recordStatusesOf,
  refusalOf,
  type SuccessStatus,
} from '@kasabi/protocol';
import type pg from 'pg';

export interface ListHandlersOptions {
  readonly pool: pg.Pool;
  readonly statusUrl: string;
  readonly successStatus: SuccessStatus;
}

/** The handler that lists a dataset's jobs, newest first, in pages. */
export function listHandlers(options: ListHandlersOptions): Pick<Handlers<'jobs'>, 'listJobs'> {
  const { pool, statusUrl, successStatus } = options;
  return {
    async listJobs(request, response) {
      const asked = readShortCode(request.params.code);
      const keyDigest = keyDigestOf(request, digestKey);
      const access = await authorize(pool, { keyDigest, datasetCode: asked });
      if (access.outcome !== 'owner') throw refusalOf(access.outcome, asked);
      const { datasetCode } = access;
      isAbout(request, datasetCode);
      const { status, jobType, limit, before } = parseJobListRequest(
        readParameters(request).all(jobListParameters),
      );

      // One more than requested shows whether there is another page.
      const { jobs: found } = await searchJobs(pool, {
        dataset: datasetCode,
        statuses: status && recordStatusesOf[status],
        type: jobType,
        before,
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      const list = `${statusUrl}/data/${datasetCode}/jobs`;
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

import { authorize, digestKey } from '@kasabi/accounts';
import { type Handlers, isAbout, keyDigestOf, readParameters, readShortCode } from '@kasabi/http';
import { searchJobs } from '@kasabi/jobs';
import type { Database } from '@kasabi/postgres';
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
import { eitherOf, readFresh, type Sources } from './sources/sources.ts';

export interface ListHandlersOptions {
  readonly sources: Sources;
  readonly statusUrl: string;
  readonly successStatus: SuccessStatus;
}

/** The handler that lists a dataset's jobs, newest first, in pages. */
export function listHandlers(options: ListHandlersOptions): Pick<Handlers<'jobs'>, 'listJobs'> {
  const { sources, statusUrl, successStatus } = options;
  return {
    async listJobs(request, response) {
      const asked = readShortCode(request.params.code);
      const keyDigest = keyDigestOf(request, digestKey);
      const allowed = (db: Database) => authorize(db, { keyDigest, datasetCode: asked });
      const { result: access } = await readFresh(sources, {
        ...eitherOf(sources, allowed),
        // A standby may not have heard of a key that was just issued.
        isCertain: ({ outcome }) => outcome === 'owner',
      });
      if (access.outcome !== 'owner') throw refusalOf(access.outcome, asked);
      const { datasetCode } = access;
      isAbout(request, datasetCode);
      const { status, jobType, limit, before } = parseJobListRequest(
        readParameters(request).all(jobListParameters),
      );

      const search = (db: Database) =>
        searchJobs(db, {
          dataset: datasetCode,
          statuses: status && recordStatusesOf[status],
          type: jobType,
          before,
          // One more than requested shows whether there is another page.
          limit: limit + 1,
        });
      const { jobs: found } = (
        await readFresh(sources, { ...eitherOf(sources, search), isCertain: () => true })
      ).result;
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
          ...jobDocumentOf(job, { successStatus, statusUrl }),
        })),
      };
      response.set('Cache-Control', 'private, no-cache').json(document);
    },
  };
}

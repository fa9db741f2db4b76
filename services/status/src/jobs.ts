import type { JobRecord } from '@kasabi/jobs';
import { jobDocumentOf, parsePreferWait, type SuccessStatus } from '@kasabi/protocol';
import { methodNotAllowed } from '@kasabi/service-kit';
import type { Express, Request, Response } from 'express';
import type pg from 'pg';
import { forwardCancel } from './cancel.ts';
import { entityTag, isFresh } from './entity-tag.ts';
import { readJob } from './read-job.ts';
import { hasEnded, waitForChange } from './wait.ts';
import type { Watcher } from './watcher.ts';

export interface JobRoutesOptions {
  readonly pool: pg.Pool;
  readonly watcher: Watcher;
  readonly successStatus: SuccessStatus;
  readonly maxWaitSeconds: number;
  /** Where the api service is reached. */
  readonly apiUrl: string;
  /** Aborts when the service stops. */
  readonly stopping: AbortSignal;
}

/** An ended job never changes; its record is deleted at the earliest a day after it ended. */
const endedMaxAgeSeconds = 3_600;

/** Adds `GET` and `DELETE /data/{short-code}/jobs/{id}`. */
export function addJobRoutes(app: Express, options: JobRoutesOptions): void {
  app
    .route('/data/:code/jobs/:id')
    .get(async (request, response) => {
      const record = await readJob(options.pool, request);
      send(request, response, await held(request, response, record), options.successStatus);
    })
    .delete((request, response) => forwardCancel(options.apiUrl, request, response))
    .all(methodNotAllowed('GET', 'HEAD', 'DELETE'));

  /** The record, after the time that the client would rather wait for a change (RFC 7240). */
  async function held(request: Request, response: Response, record: JobRecord): Promise<JobRecord> {
    const seconds = parsePreferWait(
      request.headersDistinct['prefer']?.join(),
      options.maxWaitSeconds,
    );
    if (seconds === undefined) return record;
    response.set('Preference-Applied', `wait=${seconds}`);
    if (hasEnded(record)) return record;
    const timeout = AbortSignal.timeout(seconds * 1_000);
    const { watcher, stopping } = options;
    return (await waitForChange({ watcher, response, stopping, record, timeout })) ?? record;
  }
}

function send(
  request: Request,
  response: Response,
  record: JobRecord,
  successStatus: SuccessStatus,
): void {
  const body = JSON.stringify(jobDocumentOf(record, successStatus));
  const tag = entityTag(body);
  response.set({ ETag: tag, Vary: 'Prefer' });
  if (hasEnded(record)) {
    response.set('Cache-Control', `private, max-age=${endedMaxAgeSeconds}`);
  } else {
    response.set({ 'Cache-Control': 'private, no-cache', 'Retry-After': retryAfter(record) });
  }
  if (isFresh(request, tag)) response.status(304).end();
  else response.type('application/json').send(body);
}

/** When it is worth asking again, in seconds: once it is due, and within the hour all the same. */
function retryAfter(record: JobRecord): string {
  const seconds = record.status === 'running' ? 1 : Math.ceil(record.dueInMs / 1_000);
  return String(Math.min(Math.max(seconds, 1), 3_600));
}

import { fileOf } from '@kasabi/domain';
import { entityTag, type Handlers, heldForClient, isFresh, json, sendWhole } from '@kasabi/http';
import type { JobRecord } from '@kasabi/jobs';
import { type DocumentOptions, jobDocumentOf, parsePreferWait } from '@kasabi/protocol';
import type { Request, Response } from 'express';
import type { Api } from './api.ts';
import { forwardCancel } from './cancel.ts';
import type { Held } from './held.ts';
import type { FoundJob, JobReader } from './read-job.ts';
import { hasEnded, waitForChange } from './wait.ts';
import type { Watcher } from './watcher.ts';

export interface JobHandlersOptions extends DocumentOptions {
  readonly jobs: JobReader;
  readonly watcher: Watcher;
  readonly held: Held;
  readonly maxWaitSeconds: number;
  readonly api: Api;
  /** Aborts when the service stops. */
  readonly stopping: AbortSignal;
}

/** An ended job never changes, and its record is deleted a day after it ended at the earliest. */
const endedMaxAgeSeconds = 3_600;

/** For how many seconds the document of an ended job may be kept: not longer than the file that it names. */
function maxAgeOf({ result }: JobRecord): number {
  const file = fileOf(result);
  if (file === undefined) return endedMaxAgeSeconds;
  const leftSeconds = Math.floor((Date.parse(file.expires) - Date.now()) / 1_000);
  // Of an expired file, nothing changes any more.
  return leftSeconds > 0 ? Math.min(leftSeconds, endedMaxAgeSeconds) : endedMaxAgeSeconds;
}

/** The handlers that show a job and cancel it. */
export function jobHandlers(
  options: JobHandlersOptions,
): Pick<Handlers<'jobs'>, 'getJob' | 'cancelJob'> {
  const { watcher } = options;
  // All who wait, for an answer or for an event, are answered with what is known.
  options.stopping.addEventListener('abort', () => watcher.letGo(), { once: true });

  return {
    async getJob(request, response) {
      const found = await options.jobs.read(request);
      const arrived = performance.now();
      const record = await held(request, response, found);
      // If it was held without a change, the time until the job is due was measured before that.
      const heldMs = record === found.record ? performance.now() - arrived : 0;
      send(request, response, { ...record, dueInMs: record.dueInMs - heldMs });
    },
    async cancelJob(request, response) {
      // Requests with made-up keys are not forwarded to the api service: if the services have no secret, it cannot
      // tell one client from another.
      const named = await options.jobs.readName(request);
      await forwardCancel(options.api, named, request, response);
    },
  };

  /**
   * The record, after the wait for a change that the client prefers (RFC 7240). A client whose If-None-Match names an
   * older version has missed a change, and is answered at once.
   */
  async function held(request: Request, response: Response, found: FoundJob): Promise<JobRecord> {
    const seconds = parsePreferWait(
      request.headersDistinct['prefer']?.join(),
      options.maxWaitSeconds,
    );
    if (seconds === undefined) return found.record;
    let { record } = found;
    if (!hasEnded(record) && !hasMissedChange(request, record)) {
      const endHold = options.held.hold(request, found);
      heldForClient(response);
      const timeoutMs = seconds * 1_000;
      try {
        const changed = await waitForChange({ watcher, request, response, found, timeoutMs });
        record = changed?.record ?? record;
      } finally {
        endHold();
      }
    }
    response.set('Preference-Applied', `wait=${seconds}`);
    return record;
  }

  function bodyOf(record: JobRecord): string {
    return JSON.stringify(jobDocumentOf(record, options));
  }

  function hasMissedChange(request: Request, record: JobRecord): boolean {
    if (request.headers['if-none-match'] === undefined) return false;
    return !isFresh(request, entityTag(bodyOf(record)));
  }

  function send(request: Request, response: Response, record: JobRecord): void {
    const body = bodyOf(record);
    const tag = entityTag(body);
    response.setHeader('ETag', tag);
    response.setHeader('Vary', 'Prefer');
    if (hasEnded(record)) {
      response.setHeader('Cache-Control', `private, max-age=${maxAgeOf(record)}`);
    } else {
      response.setHeader('Cache-Control', 'private, no-cache');
      response.setHeader('Retry-After', retryAfter(record));
    }
    if (isFresh(request, tag)) response.status(304).end();
    else sendWhole(response, json, body);
  }
}

/** When it is worth asking again, in seconds: when the job is due, but within an hour. */
function retryAfter(record: JobRecord): string {
  const seconds = record.status === 'running' ? 1 : Math.ceil(record.dueInMs / 1_000);
  return String(Math.min(Math.max(seconds, 1), 3_600));
}

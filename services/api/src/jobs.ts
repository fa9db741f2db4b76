import { hash } from 'node:crypto';
import { type Access, digestKey } from '@kasabi/accounts';
import type { JobType } from '@kasabi/domain';
import {
  type Handlers,
  isAbout,
  json,
  keyDigestOf,
  logWith,
  plainText,
  prefersJson,
  queryOf,
  readParameters,
  readShortCode,
  sendWhole,
  singleHeader,
} from '@kasabi/http';
import type { AcceptedJob, AcceptOutcome, AcceptRequest } from '@kasabi/jobs';
import {
  DatasetNotFound,
  IdempotencyInFlight,
  IdempotencyKeyReused,
  InvalidParameter,
  jobDocumentOf,
  jobRequestParameters,
  parseIdempotencyKey,
  parseJobRequest,
  refusalOf,
  TooManyOpenJobs,
} from '@kasabi/protocol';
import type { Request, Response } from 'express';
import type pg from 'pg';
import type { Acceptor } from './accept.ts';
import type { AfterCommit } from './after-commit.ts';
import { checkSource } from './check-source.ts';
import type { KeyFirst } from './key-first.ts';
import type { KnownKeys } from './known-keys.ts';

export interface JobHandlersOptions {
  readonly keyFirst: KeyFirst;
  readonly acceptor: Acceptor;
  readonly pool: pg.Pool;
  readonly afterCommit: AfterCommit;
  readonly knownKeys: KnownKeys;
  readonly statusUrl: string;
  readonly maxScheduleDays: number;
  readonly maxOpenJobs: number;
}

/** What accepts jobs, and leads on to the list, which the status host has. */
export function jobHandlers(
  options: JobHandlersOptions,
): Pick<Handlers<'api'>, 'submitJob' | 'redirectToJobs'> {
  const { keyFirst, acceptor, knownKeys } = options;

  return {
    async submitJob(request, response) {
      const datasetCode = readShortCode(request.params.code);
      const access = { keyDigest: keyDigestOf(request, digestKey), datasetCode };
      const job = await keyFirst(request, access, 'dataset', () => readJob(request, datasetCode));

      if (job.type === 'restore') {
        await checkSource(options.pool, { ...access, ...job }, () => {
          knownKeys.add(access.keyDigest);
          isAbout(request, datasetCode);
        });
      }
      // All that depends on the request is looked at before the job is accepted.
      const asJson = prefersJson(request);
      const outcome = await acceptor.accept({ ...access, ...job });
      if (outcome.outcome !== 'refused') knownKeys.add(access.keyDigest);
      const isKnown = outcome.outcome !== 'refused' && outcome.outcome !== 'dataset-unknown';
      if (isKnown) isAbout(request, datasetCode);
      const accepted = acceptedJob(outcome, datasetCode, options);
      const { type } = job;
      const { id: jobId, datasetCode: dataset, startTime } = accepted;
      logWith(response, { outcome: outcome.outcome, jobId, dataset, type, startTime });
      const document = asJson
        ? options.afterCommit('document', () => documentOf(accepted, type, options.statusUrl))
        : undefined;
      answer(response, `${options.statusUrl}/data/${dataset}/jobs/${jobId}`, document);
    },
    redirectToJobs(request, response) {
      const query = queryOf(request);
      const datasetCode = readShortCode(request.params.code);
      if (datasetCode === undefined) throw new DatasetNotFound(datasetCode);
      const list = `${options.statusUrl}/data/${datasetCode}/jobs`;
      response.redirect(307, query === '' ? list : `${list}?${query}`);
    },
  };
}

/** The one place where an outcome of accepting becomes what a client is told. */
function acceptedJob(
  outcome: AcceptOutcome,
  datasetCode: string | undefined,
  options: JobHandlersOptions,
): AcceptedJob {
  switch (outcome.outcome) {
    case 'accepted':
    case 'replayed':
      return outcome.job;
    case 'refused':
    case 'dataset-unknown':
      throw refusalOf(outcome.outcome, datasetCode);
    case 'too-far-ahead':
      throw new InvalidParameter(
        'startTime',
        `startTime is too far ahead; it can be at most ${options.maxScheduleDays} days from now.`,
      );
    case 'too-many-open':
      throw new TooManyOpenJobs(options.maxOpenJobs);
    case 'key-reused':
      throw new IdempotencyKeyReused();
    case 'in-flight':
      throw new IdempotencyInFlight();
  }
}

/** The document of a job that was just accepted, as JSON. */
function documentOf(job: AcceptedJob, type: JobType, statusUrl: string): string {
  const { id, datasetCode: dataset, created, startTime, message } = job;
  const facts = { id, dataset, type, created, startTime, message } as const;
  const fresh = { status: 'scheduled', endTime: null, attempt: 0, reason: null } as const;
  const nothing = { progress: null, result: null };
  return JSON.stringify(
    jobDocumentOf({ ...facts, ...fresh, ...nothing }, { successStatus: 'completed', statusUrl }),
  );
}

/** Answers 202, with the document where there is one. Nothing here can fail: all values are known ones. */
function answer(response: Response, location: string, document: string | undefined): void {
  response.statusCode = 202;
  response.setHeader('Location', location);
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Vary', 'Accept');
  if (document === undefined) sendWhole(response, plainText, location);
  else sendWhole(response, json, document);
}

/** One spelling for a moment, however it was written; the one that most clients send. */
const spellingOf = (moment: Date | undefined): string | undefined =>
  moment?.toISOString().replace('.000Z', 'Z');

/**
 * What a request asks for; with its Idempotency-Key, if it has one, and a digest of all that.
 *
 * @throws InvalidParameter, MalformedRequest, UnsupportedMediaType
 */
function readJob(
  request: Request,
  datasetCode: string | undefined,
): Omit<AcceptRequest, keyof Access> {
  const job = parseJobRequest(readParameters(request).all(jobRequestParameters));
  const header = singleHeader(request, 'idempotency-key');
  if (header === undefined) return job;
  const key = parseIdempotencyKey(header);
  // Without parameters it is the digest that the version before made.
  const own = Object.keys(job.parameters).length > 0 ? [job.parameters] : [];
  const asked = [datasetCode, job.type, spellingOf(job.startTime), ...own];
  const fingerprint = hash('sha256', JSON.stringify(asked), 'buffer');
  return { ...job, idempotency: { key, fingerprint } };
}

import { hash } from 'node:crypto';
import { authorize, digestKey } from '@kasabi/accounts';
import type { JobType } from '@kasabi/domain';
import {
  apiKeyOf,
  type Handlers,
  isAbout,
  json,
  logWith,
  noSuchDataset,
  plainText,
  prefersJson,
  queryOf,
  readParameters,
  sendWhole,
  shortCodeOf,
  singleHeader,
} from '@kasabi/http';
import type { AcceptedJob, AcceptOutcome, AcceptRequest } from '@kasabi/jobs';
import {
  IdempotencyInFlight,
  IdempotencyKeyReused,
  InvalidParameter,
  jobDocumentOf,
  jobRequestParameters,
  parseIdempotencyKey,
  parseJobRequest,
  TooManyOpenJobs,
  Unauthorized,
} from '@kasabi/protocol';
import type { Request, Response } from 'express';
import type pg from 'pg';
import type { Acceptor } from './accept.ts';
import type { AfterCommit } from './after-commit.ts';
import type { KnownKeys } from './known-keys.ts';

export interface JobHandlersOptions {
  readonly pool: pg.Pool;
  readonly acceptor: Acceptor;
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
  const { pool, acceptor, knownKeys } = options;

  /**
   * Throws what an invalid request is answered. Its key is checked first, in a statement that valid
   * requests never need: who has no good key learns nothing about the request either.
   */
  async function refuse(
    request: Request,
    keyDigest: Buffer,
    code: string,
    problem: unknown,
  ): Promise<never> {
    const verdict = await authorize(pool, keyDigest, code);
    if (verdict === 'refused') throw new Unauthorized();
    knownKeys.add(keyDigest);
    if (verdict === 'dataset-unknown') throw noSuchDataset(code);
    isAbout(request, code);
    throw problem;
  }

  return {
    async submitJob(request, response) {
      const code = shortCodeOf(request.params.code);
      const { parameters, problem } = readParameters(request, jobRequestParameters);
      const keyDigest = digestKey(apiKeyOf(request, parameters));
      if (problem !== undefined) return await refuse(request, keyDigest, code, problem);
      const job = parseJobRequest(parameters);
      if (!job.ok) return await refuse(request, keyDigest, code, job.problem);
      const idempotency = readIdempotency(request, [
        code,
        job.request.type,
        spellingOf(job.request.startTime),
      ]);
      if (idempotency instanceof Error) return await refuse(request, keyDigest, code, idempotency);

      // All that depends on the request is looked at before the job is accepted.
      const asJson = prefersJson(request);
      const outcome = await acceptor.accept({
        keyDigest,
        datasetCode: code,
        ...job.request,
        idempotency,
      });
      if (outcome.outcome !== 'refused') knownKeys.add(keyDigest);
      const isKnown = outcome.outcome !== 'refused' && outcome.outcome !== 'dataset-unknown';
      if (isKnown) isAbout(request, code);
      const accepted = acceptedJob(outcome, code, options);
      const { type } = job.request;
      const { id: jobId, startTime } = accepted;
      logWith(response, { outcome: outcome.outcome, jobId, dataset: code, type, startTime });
      const document = asJson
        ? options.afterCommit('document', () => documentOf(accepted, type))
        : undefined;
      answer(response, `${options.statusUrl}/data/${code}/jobs/${jobId}`, document);
    },
    redirectToJobs(request, response) {
      const query = queryOf(request);
      const list = `${options.statusUrl}/data/${shortCodeOf(request.params.code)}/jobs`;
      response.redirect(307, query === '' ? list : `${list}?${query}`);
    },
  };
}

/** The one place where an outcome of accepting becomes what a client is told. */
function acceptedJob(
  outcome: AcceptOutcome,
  code: string,
  options: JobHandlersOptions,
): AcceptedJob {
  switch (outcome.outcome) {
    case 'accepted':
    case 'replayed':
      return outcome.job;
    case 'refused':
      throw new Unauthorized();
    case 'dataset-unknown':
      throw noSuchDataset(code);
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
function documentOf(job: AcceptedJob, type: JobType): string {
  const { datasetCode: dataset, created, startTime, message } = job;
  const facts = { dataset, type, created, startTime, message } as const;
  const fresh = { status: 'scheduled', endTime: null, attempt: 0, reason: null } as const;
  return JSON.stringify(jobDocumentOf({ ...facts, ...fresh }, 'completed'));
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

/** The Idempotency-Key with a digest of what is asked for, if there is one; or what is wrong with it. */
function readIdempotency(
  request: Request,
  asked: readonly (string | undefined)[],
): AcceptRequest['idempotency'] | Error {
  try {
    const header = singleHeader(request, 'idempotency-key');
    if (header === undefined) return undefined;
    const fingerprint = hash('sha256', JSON.stringify(asked), 'buffer');
    return { key: parseIdempotencyKey(header), fingerprint };
  } catch (error) {
    return error as Error;
  }
}

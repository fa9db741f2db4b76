import {
  isUuid,
  type JobType,
  jobTypeNames,
  uuidFromBase64url,
  uuidToBase64url,
} from '@kasabi/domain';
import { suggest } from '@kasabi/runtime';
import { InvalidParameter } from './errors.ts';
import type { Parameters } from './parameters.ts';
import { type JobStatus, jobStatuses } from './statuses.ts';

/** What `GET /data/{short-code}/jobs` is asked for. */
export interface JobListRequest {
  readonly status: JobStatus | undefined;
  readonly jobType: JobType | undefined;
  /** Most jobs on the page, 1 to 100. */
  readonly limit: number;
  /** The id of the last job of the page before. */
  readonly before: string | undefined;
}

/** The parameters a list request may have. */
export const jobListParameters: ReadonlySet<string> = new Set([
  'status',
  'jobType',
  'limit',
  'cursor',
  'apikey',
]);

const defaultLimit = 20;

/**
 * Reads a list request from its parameters.
 *
 * @throws InvalidParameter
 */
export function parseJobListRequest(parameters: Parameters): JobListRequest {
  const status = parameters.get('status');
  if (status === 'cancelled') {
    throw new InvalidParameter(
      'status',
      'status=cancelled is not a status here: ask for status=failed, where cancelled jobs have the reason cancelled.',
    );
  }
  const limit = parameters.get('limit') ?? String(defaultLimit);
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > 100) {
    throw new InvalidParameter('limit', 'limit must be a whole number from 1 to 100.');
  }
  return {
    // Where "succeeded" is shown for completed, it may be asked for, too.
    status: oneOf('status', status === 'succeeded' ? 'completed' : status, jobStatuses),
    jobType: oneOf('jobType', parameters.get('jobType'), jobTypeNames),
    limit: Number(limit),
    before: parseCursor(parameters.get('cursor')),
  };
}

/** The cursor of the page that follows the one that ends with this job. */
export const cursorAfter: (jobId: string) => string = uuidToBase64url;

function parseCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const id = uuidFromBase64url(cursor);
  // Decoding overlooks what is not base64url, so only the way back tells.
  if (isUuid(id) && cursorAfter(id) === cursor) return id;
  throw new InvalidParameter(
    'cursor',
    'cursor did not come from this service; follow the Link header, or leave it out.',
  );
}

function oneOf<Word extends string>(
  name: string,
  value: string | undefined,
  words: readonly Word[],
): Word | undefined {
  if (value === undefined) return undefined;
  const word = words.find((candidate) => candidate === value);
  if (word !== undefined) return word;
  const meant = suggest(value, words);
  const possible = `${name} must be one of ${words.join(', ')}`;
  throw new InvalidParameter(
    name,
    meant === undefined ? `${possible}.` : `${possible}; did you mean ${meant}?`,
  );
}

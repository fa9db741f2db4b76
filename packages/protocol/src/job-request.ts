import { type JobType, jobTypeNames } from '@kasabi/domain';
import { suggest } from '@kasabi/runtime';
import { readDateTime } from './dates.ts';
import { InvalidParameter } from './errors.ts';
import type { Parameters } from './parameters.ts';

/** A request for a job, as `POST /dataset/{short-code}/jobs` takes it. */
export interface JobRequest {
  readonly type: JobType;
  /** Undefined: as soon as possible. */
  readonly startTime: Date | undefined;
}

/** The parameters a job request may have; `apikey` stands in for the header. */
export const jobRequestParameters: ReadonlySet<string> = new Set([
  'jobType',
  'startTime',
  'apikey',
]);

/**
 * Reads a job request from its parameters.
 *
 * @throws InvalidParameter
 */
export function parseJobRequest(parameters: Parameters): JobRequest {
  return {
    type: parseJobType(parameters.get('jobType')),
    startTime: parseStartTime(parameters.get('startTime')),
  };
}

function parseJobType(value: string | undefined): JobType {
  const possible = jobTypeNames.join(' or ');
  if (value === undefined) {
    throw new InvalidParameter(
      'jobType',
      `The parameter jobType is missing; it must be ${possible}.`,
    );
  }
  const type = jobTypeNames.find((name) => name === value);
  if (type !== undefined) return type;
  const meant = suggest(value, jobTypeNames);
  throw new InvalidParameter(
    'jobType',
    meant === undefined
      ? `There is no such jobType; it must be ${possible}.`
      : `There is no such jobType; did you mean ${meant}?`,
  );
}

function parseStartTime(value: string | undefined): Date | undefined {
  if (value === undefined) return undefined;
  const read = readDateTime(value);
  if (read.ok) return read.date;
  throw new InvalidParameter('startTime', `startTime ${read.problem}.`);
}

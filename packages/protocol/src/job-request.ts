import { parseDateTime } from './dates.ts';
import { InvalidParameter } from './errors.ts';
import { type JobType, jobTypeNames } from './job-types.ts';
import type { Parameters } from './parameters.ts';
import { suggest } from './suggest.ts';

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

/** A job request, or the first thing that is wrong with it. */
export type ParsedJobRequest =
  | { readonly ok: true; readonly request: JobRequest }
  | { readonly ok: false; readonly problem: InvalidParameter };

/** Reads a job request from its parameters. What is wrong is returned: see `gatherParameters`. */
export function parseJobRequest(parameters: Parameters): ParsedJobRequest {
  try {
    const type = parseJobType(parameters.get('jobType'));
    const startTime = parseStartTime(parameters.get('startTime'));
    return { ok: true, request: { type, startTime } };
  } catch (error) {
    if (error instanceof InvalidParameter) return { ok: false, problem: error };
    throw error;
  }
}

function parseJobType(value: string | undefined): JobType {
  const possible = jobTypeNames.join(', ');
  if (value === undefined) {
    throw new InvalidParameter(
      'jobType',
      `The parameter jobType is missing; possible is ${possible}.`,
    );
  }
  const type = jobTypeNames.find((name) => name === value);
  if (type !== undefined) return type;
  const meant = suggest(value, jobTypeNames);
  throw new InvalidParameter(
    'jobType',
    meant === undefined
      ? `There is no such jobType; possible is ${possible}.`
      : `There is no such jobType; did you mean ${meant}?`,
  );
}

function parseStartTime(value: string | undefined): Date | undefined {
  if (value === undefined) return undefined;
  const startTime = parseDateTime(value);
  if (startTime !== undefined) return startTime;
  throw new InvalidParameter(
    'startTime',
    'startTime must be an existing date and time with its offset from UTC, as RFC 3339 has it: 2011-05-27T14:30:00Z.',
  );
}

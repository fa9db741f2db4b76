import { jobTypeNames } from '@kasabi/domain';
import { suggest } from '@kasabi/runtime';
import { z } from 'zod';
import { dateTimePattern, readDateTime } from './dates.ts';
import { type Parameters, readParts } from './parameters.ts';

const possible = jobTypeNames.join(' or ');

export const jobType = z.enum(jobTypeNames, {
  error({ input }) {
    if (input === undefined) return `The parameter jobType is missing; it must be ${possible}.`;
    const meant = suggest(String(input), jobTypeNames);
    return meant === undefined
      ? `There is no such jobType; it must be ${possible}.`
      : `There is no such jobType; did you mean ${meant}?`;
  },
});

const startTime = z
  .string()
  // For the documentation. Not the format date-time, which requires seconds.
  .meta({ pattern: dateTimePattern.source })
  .transform((text, context) => {
    const read = readDateTime(text);
    if (read.ok) return read.date;
    context.addIssue(`startTime ${read.problem}.`);
    return z.NEVER;
  });

/** The parameters a job request may have, as text: in a query string or a form. */
export const jobRequestParts = {
  jobType: jobType.describe('What to do; required, in the query string or the body.'),
  startTime: startTime.describe(
    'The earliest time at which the job starts: a date and time with its offset from UTC, as in RFC 3339; the seconds may be omitted. Omitted or in the past: as soon as possible. At most 366 days ahead, unless the operators have set another limit.',
  ),
  apikey: z.string().describe("The dataset owner's API key, for clients that cannot send headers."),
};

/** Their names. */
export const jobRequestParameters: ReadonlySet<string> = new Set(Object.keys(jobRequestParts));

const jobRequest = z.object(jobRequestParts).partial({ startTime: true, apikey: true });

/**
 * Reads the parameters of `POST /dataset/{short-code}/jobs`. Without a `startTime`, the job starts as soon as possible.
 *
 * @throws InvalidParameter
 */
export function parseJobRequest(parameters: Parameters) {
  const { jobType: type, startTime } = readParts(jobRequest, parameters);
  return { type, startTime };
}

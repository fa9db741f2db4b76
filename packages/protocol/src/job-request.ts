import {
  type JobParameters,
  type JobType,
  type JobTypeEntry,
  jobTypeNames,
  jobTypes,
} from '@kasabi/domain';
import { suggest } from '@kasabi/runtime';
import { z } from 'zod';
import { dateTimePattern, readDateTime } from './dates.ts';
import { InvalidParameter } from './errors.ts';
import { type Parameters, readParts } from './parameters.ts';

const possible = new Intl.ListFormat('en', { type: 'disjunction' }).format(jobTypeNames);

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

/** The parameters of every type. */
const ofAllTypes = {
  jobType: jobType.describe('What to do; required, in the query string or the body.'),
  startTime: startTime.describe(
    'The earliest time at which the job starts: a date and time with its offset from UTC, as in RFC 3339; the seconds may be omitted. Omitted or in the past: as soon as possible. At most 366 days ahead, unless the operators have set another limit.',
  ),
};

const parametersOf = (type: JobType): z.ZodObject => (jobTypes[type] as JobTypeEntry).parameters;

/** The types that have a parameter of this name. */
const typesWith = (name: string): JobType[] =>
  jobTypeNames.filter((type) => name in parametersOf(type).shape);

/** The parameters that only some types have, as the documentation describes them. */
export const typedParts: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  jobTypeNames.flatMap((type) =>
    Object.entries(parametersOf(type).shape as Record<string, z.ZodType>).map(([name, schema]) => [
      name,
      schema.describe(`Only for ${typesWith(name).join(' and ')}: ${schema.description}`),
    ]),
  ),
);

/** The parameters a job request may have, as text: in a query string or a form. */
export const jobRequestParts = {
  ...ofAllTypes,
  ...typedParts,
  apikey: z.string().describe("The dataset owner's API key, for clients that cannot send headers."),
};

/** Their names. */
export const jobRequestParameters: ReadonlySet<string> = new Set(Object.keys(jobRequestParts));

const jobRequest = z.object(ofAllTypes).partial({ startTime: true });

/** What a request asks for. */
export interface JobRequest {
  readonly type: JobType;
  /** Undefined for as soon as possible. */
  readonly startTime: Date | undefined;
  /** Those that only this type has, with their defaults. */
  readonly parameters: JobParameters;
}

/**
 * Reads the parameters of `POST /dataset/{short-code}/jobs`.
 *
 * @throws InvalidParameter
 */
export function parseJobRequest(parameters: Parameters): JobRequest {
  const { jobType: type, startTime } = readParts(jobRequest, parameters);
  return { type, startTime, parameters: parseJobParameters(type, parameters) };
}

/**
 * Reads the parameters that only jobs of this type have.
 *
 * @throws InvalidParameter for one that is invalid, or that only other types have.
 */
export function parseJobParameters(type: JobType, parameters: Parameters): JobParameters {
  const own = parametersOf(type);
  for (const name of parameters.keys()) {
    if (name in typedParts && !(name in own.shape)) {
      const others = typesWith(name).join(' and ');
      throw new InvalidParameter(
        name,
        `${name} is a parameter of ${others}, not of ${type}; leave it out, or ask for jobType=${typesWith(name)[0]}.`,
      );
    }
  }
  return readParts(own, parameters);
}

import { isUuid, uuidFromBase64url, uuidToBase64url } from '@kasabi/domain';
import { suggest } from '@kasabi/runtime';
import { z } from 'zod';
import { jobType } from './job-request.ts';
import { type Parameters, readParts } from './parameters.ts';
import { jobStatuses } from './statuses.ts';

const status = z
  .enum([...jobStatuses, 'succeeded'], {
    error({ input }) {
      if (input === 'cancelled') {
        return 'status=cancelled is not a status here: ask for status=failed, where cancelled jobs have the reason cancelled.';
      }
      const possible = `status must be one of ${jobStatuses.join(', ')}`;
      const meant = suggest(String(input), jobStatuses);
      return meant === undefined ? `${possible}.` : `${possible}; did you mean ${meant}?`;
    },
  })
  .transform((word) => (word === 'succeeded' ? 'completed' : word));

const defaultLimit = 20;

const limit = z
  .string()
  .refine((text) => /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 100, {
    error: 'limit must be a whole number from 1 to 100.',
  })
  .meta({ type: 'integer', minimum: 1, maximum: 100, default: defaultLimit });

/** The cursor of the page that follows the one that ends with this job. */
export const cursorAfter: (jobId: string) => string = uuidToBase64url;

const cursor = z
  .string()
  .meta({ pattern: '^[\\w-]{22}$' })
  .transform((text, context) => {
    const id = uuidFromBase64url(text);
    // Decoding ignores what is not base64url, so compare with the encoded id.
    if (isUuid(id) && cursorAfter(id) === text) return id;
    context.addIssue(
      'cursor did not come from this service; follow the Link header, or leave it out.',
    );
    return z.NEVER;
  });

/** The parameters of a list request, besides the API key. */
export const jobListParts = {
  status: status.describe('Only jobs with this status; succeeded means completed.'),
  jobType: jobType.describe('Only jobs of this type.'),
  limit: limit.describe('The most jobs on a page.'),
  cursor: cursor.describe('Where the page begins: from the Link header of the previous page.'),
};

/** The names of the parameters a list request may have. */
export const jobListParameters: ReadonlySet<string> = new Set([
  ...Object.keys(jobListParts),
  'apikey',
]);

const jobListRequest = z.object(jobListParts).partial();

/**
 * Reads the parameters of `GET /data/{short-code}/jobs`. `limit` is the most jobs on a page; `before` is the id of the
 * last job of the previous page.
 *
 * @throws InvalidParameter
 */
export function parseJobListRequest(parameters: Parameters) {
  const { status, jobType, limit = defaultLimit, cursor } = readParts(jobListRequest, parameters);
  return { status, jobType, limit: Number(limit), before: cursor };
}

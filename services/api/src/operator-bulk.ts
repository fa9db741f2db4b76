import { isUuid } from '@kasabi/domain';
import { queryOf } from '@kasabi/http';
import {
  type BulkRequest,
  bulkVerbs,
  filterParameters,
  mostInBulk,
  parseJobFilter,
} from '@kasabi/operations';
import { InvalidParameter } from '@kasabi/protocol';
import type { Request } from 'express';

/**
 * A bulk action, of the path's verb and the query's filter, with `count` and `newest`: what its operator agreed
 * to.
 *
 * @throws InvalidParameter
 */
export function bulkOf(
  request: Request<{ verb: string }>,
): Omit<BulkRequest, 'operatorAddress' | 'signal'> {
  const verb = bulkVerbs.find((it) => it === request.params.verb);
  if (verb === undefined) {
    throw new InvalidParameter('verb', `verb must be one of ${bulkVerbs.join(', ')}.`);
  }
  const query = new URLSearchParams(queryOf(request));
  const given = filterParameters.map((name) => [name, query.get(name) ?? undefined]);
  const { filter, problems } = parseJobFilter(Object.fromEntries(given));
  if (problems.length > 0) throw new InvalidParameter('filter', problems.join(' '));
  const [count, newest] = [query.get('count') ?? '', query.get('newest') ?? ''];
  if (!/^\d{1,9}$/.test(count) || Number(count) > mostInBulk) {
    throw new InvalidParameter('count', `count must be a whole number of at most ${mostInBulk}.`);
  }
  if (!isUuid(newest)) throw new InvalidParameter('newest', 'newest must be the id of a job.');
  return { verb, filter, agreed: { count: Number(count), newest } };
}

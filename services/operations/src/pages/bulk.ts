import { isUuid } from '@kasabi/domain';
import { html, queryOf } from '@kasabi/http';
import {
  type BulkVerb,
  countForBulk,
  describeBulk,
  formatCount,
  mostInBulk,
  parseJobFilter,
  plural,
  runBulk,
} from '@kasabi/operations';
import type { Request } from 'express';
import type { Action, ActionContext, Subject } from './action.ts';
import { FilterInvalid, FormInvalid } from './errors.ts';
import { formOf } from './form.ts';

import { searchOf } from './jobs-view.ts';
import { facts } from './parts.ts';

export const bulk: Readonly<Record<BulkVerb, Action>> = {
  cancel: {
    question: 'Cancel these jobs?',
    consequence:
      'They will not run, and their owners see that an operator cancelled them. Cancelled jobs cannot be repeated. Each is cancelled and audited by itself: one that a worker claims in the meantime continues.',
    button: 'Cancel the jobs',
    done: 'all-cancelled',
  },
  retry: {
    question: 'Repeat these jobs?',
    consequence:
      'This makes a new job of the same type for each, due at once. A reset deletes the data that the dataset has then. Jobs that were already repeated are not among them.',
    button: 'Repeat the jobs',
    done: 'all-repeated',
  },
};

/** A bulk action stops after this many milliseconds and says what is left, so that nobody waits longer. */
const bulkMs = 10_000;

/**
 * All jobs that match the filter of an address. The form carries what the operator was told, the number of jobs and the
 * newest one, so that nothing is done to others.
 *
 * @throws FilterInvalid
 */
export async function bulkSubject(
  request: Request,
  verb: BulkVerb,
  { reads, db, metrics, links }: ActionContext,
): Promise<Subject> {
  const search = searchOf(new URLSearchParams(queryOf(request)));
  const { filter, problems } = parseJobFilter(search.filter);
  if (problems.length > 0) throw new FilterInvalid(problems);
  const found = await countForBulk(reads.db, verb, filter);
  const form = request.method === 'POST' ? formOf(request) : new URLSearchParams();
  const agreed = {
    count: form.get('count') ?? String(found.count),
    newest: form.get('newest') ?? found.newest ?? '',
  };
  const described = describeBulk(verb, filter, found.count);
  const tooMany = found.count > mostInBulk;
  const word = verb === 'cancel' ? 'Cancel' : 'Repeat';
  return {
    about: facts([
      ['Jobs', tooMany ? `more than ${formatCount(mostInBulk)}` : described],
      ['Filter', html`<a href="${links.jobs(search.filter)}">list these jobs</a>`],
    ]),
    page: links.jobs(search.filter),
    logged: { action: `${verb}-all` },
    async act(operatorAddress) {
      const signal = AbortSignal.timeout(bulkMs);
      const asked = { verb, filter, agreed: checkAgreed(agreed), operatorAddress, signal };
      const result = await runBulk(db, asked);
      if (verb === 'cancel' && result.outcome === 'done') {
        metrics.cancelled(result.outcomes['done'] ?? 0);
      }
      return result;
    },
    fields: html`<input type="hidden" name="count" value="${String(found.count)}"><input type="hidden" name="newest" value="${found.newest ?? ''}">`,
    question: tooMany ? `${word} so many jobs?` : `${word} ${described}?`,
    button: `${word} ${plural(found.count, 'job')}`,
    ...(tooMany && {
      impossible: `At most ${formatCount(mostInBulk)} jobs can be done at once: narrow the filter.`,
    }),
    ...(found.count === 0 && { impossible: 'No jobs match, so there is nothing to do.' }),
  };
}

/** @throws FormInvalid */
function checkAgreed({ count, newest }: { readonly count: string; readonly newest: string }) {
  if (!/^\d{1,9}$/.test(count) || Number(count) > mostInBulk) {
    throw new FormInvalid(`The count must be a whole number of at most ${mostInBulk}.`);
  }
  if (!isUuid(newest)) throw new FormInvalid('The newest must be the id of a job.');
  return { count: Number(count), newest };
}

import { html, queryOf } from '@kasabi/http';
import {
  type BulkVerb,
  countForBulk,
  describeBulk,
  mostInBulk,
  parseJobFilter,
  runBulk,
} from '@kasabi/operations';
import type { Request } from 'express';
import type { Action, ActionContext, Subject } from './action.ts';
import { FilterInvalid, FormInvalid } from './errors.ts';
import { formOf } from './form.ts';
import { count } from './format.ts';
import { searchOf } from './jobs-view.ts';
import { facts } from './parts.ts';

export const bulk: Readonly<Record<BulkVerb, Action>> = {
  cancel: {
    question: 'Cancel these jobs?',
    consequence:
      'They do not run, and their owners see that an operator cancelled them. Cancelled jobs cannot be repeated. Each is done and audited by itself: one that a worker takes up meanwhile goes on.',
    button: 'Cancel the jobs',
    done: 'all-cancelled',
  },
  retry: {
    question: 'Repeat these jobs?',
    consequence:
      'For each a new job of the same type is made for its dataset, due at once. A reset deletes the data that the dataset has then. Those repeated before are none of them.',
    button: 'Repeat the jobs',
    done: 'all-repeated',
  },
};

/** A bulk action ends after so many milliseconds, and says what is left: whoever asked waits no longer. */
const bulkMs = 10_000;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * All jobs that the filter of an address finds. The form carries what its reader was told: how many, and the
 * newest, so that nothing is done to more.
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
      ['Jobs', tooMany ? `more than ${count(mostInBulk)}` : described],
      ['Filter', html`<a href="${links.jobs(search.filter)}">the list of them</a>`],
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
    button: `${word} ${count(found.count)} ${found.count === 1 ? 'job' : 'jobs'}`,
    ...(tooMany && {
      impossible: `At most ${count(mostInBulk)} jobs are done at once: narrow the filter.`,
    }),
    ...(found.count === 0 && { impossible: 'There are none, so there is nothing to do.' }),
  };
}

/** @throws FormInvalid */
function checkAgreed({ count, newest }: { readonly count: string; readonly newest: string }) {
  if (!/^\d{1,9}$/.test(count) || Number(count) > mostInBulk) {
    throw new FormInvalid(`The count must be a whole number of at most ${mostInBulk}.`);
  }
  if (!uuid.test(newest)) throw new FormInvalid('The newest must be the id of a job.');
  return { count: Number(count), newest };
}

import { html } from '@kasabi/http';
import { pauseAsOperator, readResumable, resumeAsOperator } from '@kasabi/operations';
import type { Request } from 'express';
import type { Action, ActionContext, Subject } from './action.ts';
import { checkText, formOf } from './form.ts';
import { plural } from './format.ts';
import { datasetLink } from './links.ts';
import { facts } from './parts.ts';

export const pause: Action = {
  question: 'Pause these jobs?',
  consequence:
    'They are accepted and wait: none is taken up until they are resumed. Those that run go on to their end.',
  button: 'Pause',
  done: 'paused',
};

export const resume: Action = {
  question: 'Resume these jobs?',
  consequence: 'Those that are due start at once. A reset deletes what its dataset holds then.',
  button: 'Resume',
  done: 'resumed',
};

/** What a pause or a resume is about: a dataset's jobs by its short code, or all jobs. */
export async function pauseSubject(
  request: Request,
  verb: 'pause' | 'resume',
  dataset: string | undefined,
  { reads, db, links }: ActionContext,
): Promise<Subject> {
  const page = dataset === undefined ? links.base : links.dataset(dataset);
  const whose = dataset === undefined ? 'of all datasets' : datasetLink(links, dataset);
  if (verb === 'pause') {
    const reason = request.method === 'POST' ? (formOf(request).get('reason') ?? '') : '';
    return {
      about: facts([['Jobs', whose]]),
      page,
      logged: { action: verb, dataset, reason },
      act: async (operatorAddress) =>
        await pauseAsOperator(db, {
          dataset,
          reason: checkText('reason', reason.trim(), 500) || undefined,
          operatorAddress,
        }),
      fields: html`<label class="grow">Reason <input name="reason" maxlength="200" value="${reason}" placeholder="for other operators; may be empty"></label>`,
    };
  }
  const { due, oldestDue, allStayPaused } = await readResumable(reads.db, dataset);
  return {
    about: facts([
      ['Jobs', whose],
      ['Due', due === 0 ? 'none' : plural(due, 'job', 'jobs')],
      ...(oldestDue === null
        ? []
        : [['The oldest since', `${oldestDue.toISOString().slice(0, 19)}Z`] as const]),
      ...(allStayPaused
        ? [['Besides', 'jobs of all datasets are paused, and stay so'] as const]
        : []),
    ]),
    page,
    logged: { action: verb, dataset },
    act: async (operatorAddress) => await resumeAsOperator(db, { dataset, operatorAddress }),
  };
}

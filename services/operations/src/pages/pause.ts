import { html } from '@kasabi/http';
import { pauseAsOperator, plural, readResumable, resumeAsOperator } from '@kasabi/operations';
import type { Request } from 'express';
import type { Action, ActionContext, Subject } from './action.ts';
import { checkText, formOf } from './form.ts';

import { datasetLink } from './links.ts';
import { facts } from './parts.ts';

export const pause: Action = {
  question: 'Pause these jobs?',
  consequence:
    'New jobs are accepted and wait: none starts until they are resumed. Running jobs continue.',
  button: 'Pause',
  done: 'paused',
};

export const resume: Action = {
  question: 'Resume these jobs?',
  consequence: 'Due jobs start at once. A reset deletes the data that its dataset has then.',
  button: 'Resume',
  done: 'resumed',
};

/** What is paused or resumed: the jobs of one dataset, by its short code, or all jobs. */
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
      fields: html`<label class="grow">Reason <input name="reason" maxlength="200" value="${reason}" placeholder="for other operators (optional)"></label>`,
    };
  }
  const { due, oldestDue, allStayPaused } = await readResumable(reads.db, dataset);
  return {
    about: facts([
      ['Jobs', whose],
      ['Due', due === 0 ? 'none' : plural(due, 'job')],
      ...(oldestDue === null
        ? []
        : [['Oldest due since', `${oldestDue.toISOString().slice(0, 19)}Z`] as const]),
      ...(allStayPaused ? [['Note', 'all jobs are paused, so these still wait'] as const] : []),
    ]),
    page,
    logged: { action: verb, dataset },
    act: async (operatorAddress) => await resumeAsOperator(db, { dataset, operatorAddress }),
  };
}

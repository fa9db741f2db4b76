import { type Html, html, methodNotAllowed, readJobId, readShortCode } from '@kasabi/http';
import {
  type ActionResult,
  bulkVerbs,
  cancelAsOperator,
  refusalOf,
  repeatAsOperator,
  unlockAsOperator,
} from '@kasabi/operations';
import { describeSick, isTransient, sicknessOf } from '@kasabi/postgres';
import type { Logger } from '@kasabi/runtime';
import type { Request, Router } from 'express';
import { acknowledge, findingSubject, unacknowledge } from './acknowledge.ts';
import type { Action, ActionContext, Subject } from './action.ts';
import { aboutJob, aboutLock } from './action-subjects.ts';
import { bulk, bulkSubject } from './bulk.ts';
import { FormInvalid, NoSuchPage } from './errors.ts';
import type { Guard } from './guard.ts';
import type { Links } from './links.ts';
import { pause, pauseSubject, resume } from './pause.ts';

export interface ActionOptions extends ActionContext {
  readonly guard: Guard;
  readonly log: Logger;
  /** Renders a page with this title. */
  readonly plain: (request: Request, title: string, body: Html) => string;
}

const cancel: Action = {
  question: 'Cancel this job?',
  consequence:
    'It has no effect, and its owner sees that an operator cancelled it. A cancelled job cannot be repeated.',
  button: 'Cancel the job',
  done: 'cancelled',
};

const retry: Action = {
  question: 'Repeat this job?',
  consequence:
    'This makes a new job of the same type for the dataset, due at once. A reset deletes the data that the dataset has then.',
  button: 'Repeat the job',
  done: 'repeated',
};

const unlock: Action = {
  question: 'Unlock this dataset?',
  consequence:
    'The dataset can be written again. This is done only if the job that holds the lock has ended or does not exist.',
  button: 'Unlock the dataset',
  done: 'unlocked',
};

/** Adds the actions: GET asks a question, and POST does what was asked. */
export function addActions(router: Router, options: ActionOptions): void {
  const { links, reads, guard, db, metrics, log, plain } = options;

  const jobSubject = async (
    id: string,
    logged: Subject['logged'],
    act: Subject['act'],
  ): Promise<Subject> => ({
    about: await aboutJob(reads.db, id, links),
    page: links.job(id),
    logged,
    act,
  });

  const cancelSubject = (jobId: string): Promise<Subject> =>
    jobSubject(jobId, { action: 'cancel', jobId }, async (operatorAddress) => {
      const result = await cancelAsOperator(db, { jobId, operatorAddress });
      if (result.outcome === 'done') metrics.cancelled(1);
      return result;
    });

  const retrySubject = (jobId: string): Promise<Subject> =>
    jobSubject(jobId, { action: 'retry', repeats: jobId }, (operatorAddress) =>
      repeatAsOperator(db, { jobId, operatorAddress }),
    );

  async function unlockSubject(dataset: string): Promise<Subject> {
    return {
      about: await aboutLock(reads.db, dataset, links),
      page: links.dataset(dataset),
      logged: { action: 'unlock', dataset },
      act: async (operatorAddress) => await unlockAsOperator(db, { dataset, operatorAddress }),
    };
  }

  function add<Path extends string>(
    path: Path,
    action: Action,
    subjectOf: (request: Request<Record<string, string>>) => Subject | Promise<Subject>,
  ): void {
    const ask = (request: Request, subject: Subject, refusal?: string): string => {
      const { about, page, fields, impossible, button = action.button } = subject;
      const form = html`<p>${action.consequence}</p>
<form class="decision" method="post">
${fields}
<input type="hidden" name="token" value="${guard.formTokenOf(request)}">
<button class="danger" type="submit">${button}</button> <a class="button" href="${page}">Do nothing</a>
</form>`;
      return plain(
        request,
        subject.question ?? action.question,
        html`${refusal !== undefined && html`<p class="notice bad" role="alert">${refusal}</p>`}
<div class="card question">${about}${impossible === undefined ? form : html`<p>${impossible}</p>`}</div>`,
      );
    };

    router
      .route(path)
      .get(async (request, response) => {
        const subject = await subjectOf(request as Request<Record<string, string>>);
        response.type('text/html').send(ask(request, subject));
      })
      .post(async (request, response) => {
        const subject = await subjectOf(request as Request<Record<string, string>>);
        const refuse = (status: number, why: string): void => {
          response
            .status(status)
            .type('text/html')
            .send(ask(request, subject, why));
        };
        try {
          const result = await subject.act(request.address);
          const about = { ...subject.logged, operatorAddress: request.address };
          log.info({ ...about, requestId: request.id, ...result }, 'operator action');
          const why = refusalOf(result);
          if (why === undefined) response.redirect(303, pageAfter(result, subject, action, links));
          else refuse(result.outcome.endsWith('-unknown') ? 404 : 409, why);
        } catch (error) {
          if (error instanceof FormInvalid) return refuse(error.status, error.message);
          if (!isTransient(error)) throw error;
          Object.assign(response, { err: error });
          refuse(503, troubleOf(error));
        }
      })
      .all(methodNotAllowed('GET', 'HEAD', 'POST'));
  }

  const idOf = (request: Request<Record<string, string>>): string => {
    const id = readJobId(request.params['id'] ?? '');
    if (id === undefined) throw new NoSuchPage('There is no such job; it may have been pruned.');
    return id.toLowerCase();
  };
  const codeOf = (request: Request<Record<string, string>>): string => {
    const code = readShortCode(request.params['code'] ?? '');
    if (code === undefined) throw new NoSuchPage('There is no such dataset.');
    return code;
  };

  for (const verb of ['acknowledge', 'unacknowledge'] as const) {
    add(`/findings/:code/${verb}`, { acknowledge, unacknowledge }[verb], async (request) =>
      findingSubject(request, verb, (await reads.health()).findings, options),
    );
  }
  for (const verb of bulkVerbs) {
    add(`/bulk/${verb}`, bulk[verb], (request) => bulkSubject(request, verb, options));
  }
  add('/jobs/:id/cancel', cancel, (request) => cancelSubject(idOf(request)));
  add('/jobs/:id/retry', retry, (request) => retrySubject(idOf(request)));
  for (const verb of ['pause', 'resume'] as const) {
    const action = { pause, resume }[verb];
    add(`/${verb}`, action, (request) => pauseSubject(request, verb, undefined, options));
    add(`/datasets/:code/${verb}`, action, async (request) => {
      const code = codeOf(request);
      await aboutLock(reads.db, code, links);
      return await pauseSubject(request, verb, code, options);
    });
  }
  add('/datasets/:code/unlock', unlock, (request) => unlockSubject(codeOf(request)));
}

/** The page after an action: the new job, what a bulk action did to each job, or the page of its subject. */
function pageAfter(
  result: ActionResult,
  { page }: Subject,
  { done }: Action,
  links: Links,
): string {
  if ('actionId' in result) {
    return links.audit({ of: result.actionId, done: result.left > 0 ? 'partly' : done });
  }
  if ('dataset' in result) return `${links.job(result.jobId)}?done=${done}`;
  const isUnsettled = 'unsettled' in result && result.unsettled > 0;
  return `${page}?done=${isUnsettled ? 'pausing' : done}`;
}

function troubleOf(error: unknown): string {
  const state = sicknessOf(error);
  const what = state === undefined ? 'did not answer in time' : describeSick(state).what;
  return `Postgres ${what}, so it is not known whether this was done. Check the page of the job or dataset.`;
}

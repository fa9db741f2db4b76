import { type Html, html, jobIdOf, methodNotAllowed, shortCodeOf } from '@kasabi/http';
import { bulkVerbs } from '@kasabi/operations';
import type { Logger } from '@kasabi/runtime';
import type { Request, Router } from 'express';
import type { Api } from '../api.ts';
import { acknowledge, findingSubject, unacknowledge } from './acknowledge.ts';
import type { Action, Subject } from './action.ts';
import { aboutJob, aboutLock } from './action-subjects.ts';
import { bulk, bulkSubject } from './bulk.ts';
import { type ApiAnswer, callApi } from './call-api.ts';
import type { Guard } from './guard.ts';
import type { Links } from './links.ts';
import { pause, pauseSubject, resume } from './pause.ts';
import type { Reads } from './reads.ts';

export interface ActionOptions {
  readonly reads: Reads;
  readonly links: Links;
  readonly guard: Guard;
  readonly api: Api;
  readonly password: string;
  readonly log: Logger;
  /** Renders a page of this title. */
  readonly plain: (request: Request, title: string, body: Html) => string;
}

const cancel: Action = {
  question: 'Cancel this job?',
  consequence:
    'It does not run, and its owner sees that an operator cancelled it. A cancelled job cannot be repeated.',
  button: 'Cancel the job',
  done: 'cancelled',
};

const retry: Action = {
  question: 'Repeat this job?',
  consequence:
    'A new job of the same type is made for the dataset, due at once. A reset deletes the data that the dataset has then.',
  button: 'Repeat the job',
  done: 'repeated',
};

const unlock: Action = {
  question: 'Release this lock?',
  consequence:
    'The dataset can be written again. It is done only if the job that holds the lock has ended or is not there.',
  button: 'Release the lock',
  done: 'unlocked',
};

/** Adds the actions: a question at GET, which POST answers; the api service does what is asked. */
export function addActions(router: Router, options: ActionOptions): void {
  const { links, reads, guard, plain } = options;

  async function jobOf(request: Request<{ id: string }>, verb: string): Promise<Subject> {
    const id = jobIdOf(request.params.id).toLowerCase();
    const about = await aboutJob(reads.db, id, links);
    return { about, page: links.job(id), apiPath: `/jobs/${id}/${verb}` };
  }

  async function datasetOf(request: Request<{ code: string }>): Promise<Subject> {
    const code = shortCodeOf(request.params.code);
    const about = await aboutLock(reads.db, code, links);
    return { about, page: links.dataset(code), apiPath: `/datasets/${code}/unlock` };
  }

  /** The new job, what a bulk action did to each job, or the page of what it was done to. */
  function pageAfter({ jobId, bulk }: ApiAnswer, { page }: Subject, done: string): string {
    if (jobId !== undefined) return `${links.job(jobId)}?done=${done}`;
    if (bulk === undefined) return `${page}?done=${done}`;
    return links.audit({ of: bulk.actionId, done: bulk.left > 0 ? 'partly' : done });
  }

  function add<Path extends string>(
    path: Path,
    action: Action,
    subjectOf: (request: Request<Record<string, string>>) => Promise<Subject>,
  ): void {
    const ask = (request: Request, subject: Subject, refusal?: string): string => {
      const { about, page, fields, impossible, button = action.button } = subject;
      const form = html`<p>${action.consequence}</p>
<form class="decision" method="post">
${fields}
<input type="hidden" name="token" value="${guard.formTokenOf(request)}">
<button class="danger" type="submit">${button}</button> <a class="button" href="${page}">Leave it as it is</a>
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
        const { api, password, log } = options;
        const path = subject.apiPath;
        const answer = await callApi({ api, password, path, request, log });
        log.info({ action: path, status: answer.status, from: request.address }, 'operator action');
        if (answer.ok) {
          const done = answer.unsettled ? 'pausing' : action.done;
          response.redirect(303, pageAfter(answer, subject, done));
          return;
        }
        response.status(answer.status === 401 ? 502 : answer.status).type('text/html');
        response.send(ask(request, subject, answer.message));
      })
      .all(methodNotAllowed('GET', 'HEAD', 'POST'));
  }

  for (const verb of ['acknowledge', 'unacknowledge'] as const) {
    add(`/findings/:code/${verb}`, { acknowledge, unacknowledge }[verb], async (request) =>
      findingSubject(request, verb, (await reads.health()).findings, links),
    );
  }
  for (const verb of bulkVerbs) {
    add(`/bulk/${verb}`, bulk[verb], (request) => bulkSubject(request, verb, reads, links));
  }
  add('/jobs/:id/cancel', cancel, (request) => jobOf(request as Request<{ id: string }>, 'cancel'));
  add('/jobs/:id/retry', retry, (request) => jobOf(request as Request<{ id: string }>, 'retry'));
  for (const verb of ['pause', 'resume'] as const) {
    const about = { db: reads.db, links };
    add(`/${verb}`, { pause, resume }[verb], (request) =>
      pauseSubject(request, verb, undefined, about),
    );
    add(`/datasets/:code/${verb}`, { pause, resume }[verb], async (request) => {
      const code = shortCodeOf(request.params['code'] ?? '');
      await aboutLock(reads.db, code, links);
      return await pauseSubject(request, verb, code, about);
    });
  }
  add('/datasets/:code/unlock', unlock, (request) =>
    datasetOf(request as Request<{ code: string }>),
  );
}

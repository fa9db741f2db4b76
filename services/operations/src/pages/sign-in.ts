import {
  createPasswordGate,
  goneSignal,
  type Html,
  html,
  methodNotAllowed,
  queryOf,
  subjectOf,
} from '@kasabi/http';
import { type Logger, turnedAwayLog } from '@kasabi/runtime';
import type { Router } from 'express';
import { formOf } from './form.ts';
import type { Guard } from './guard.ts';
import type { Layout } from './layout.ts';
import { requireOwnForm } from './security.ts';
import type { Sessions } from './session.ts';

export interface SignInOptions {
  readonly guard: Guard;
  readonly sessions: Sessions;
  readonly password: string;
  readonly layout: Layout;
  readonly base: string;
  readonly log: Logger;
}

interface Form {
  readonly next: string;
  readonly problem?: string;
}

/** Adds the sign-in, its form, and the sign-out. */
export function addSignIn(router: Router, options: SignInOptions): void {
  const { guard, sessions, layout, base, log } = options;
  const gate = createPasswordGate({ password: options.password });

  const page = ({ next, problem }: Form): string =>
    layout.bare(
      'Sign in',
      html`<form class="card sign-in" method="post" action="${base}/sign-in">
<h1>Operations</h1>
${problem !== undefined && html`<p class="notice bad" role="alert">${problem}</p>`}
<label for="password">Operator's password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus>
<input type="hidden" name="next" value="${next}">
<button type="submit">Sign in</button>
<p class="quiet">This is the setting <code>OPERATOR_PASSWORD</code>. You are signed out after half an hour without use.</p>
</form>` satisfies Html,
    );

  router
    .route('/sign-in')
    .get((request, response) => {
      const next = ownPath(new URLSearchParams(queryOf(request)).get('next'), base);
      if (guard.sessionOf(request) !== undefined) response.redirect(303, next);
      else response.type('text/html').send(page({ next }));
    })
    .post(async (request, response) => {
      requireOwnForm(request);
      const form = formOf(request);
      const next = ownPath(form.get('next'), base);
      const { address } = request;
      const answer = await gate.try({
        password: form.get('password') ?? '',
        subject: subjectOf(address),
        gone: goneSignal(request),
      });
      if (answer.verdict !== 'open') {
        turnedAwayLog(log).note('sign-in', () =>
          log.warn({ from: address, verdict: answer.verdict }, 'a sign-in failed'),
        );
        const seconds = answer.verdict === 'too-many' ? answer.retryAfterSeconds : undefined;
        if (seconds !== undefined) response.set('Retry-After', String(seconds));
        const problem =
          seconds === undefined
            ? 'That is not the password.'
            : `That is not the password, and there are too many wrong ones. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`;
        response.status(seconds === undefined ? 403 : 429).type('text/html');
        response.send(page({ next, problem }));
        return;
      }
      log.info({ from: address }, 'an operator signed in');
      guard.signIn(request, response, sessions.begin());
      response.redirect(303, next);
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'));

  router
    .route('/sign-out')
    .post(guard.requireSession, async (request, response) => {
      await guard.signOut(request, response);
      response.redirect(303, `${base}/sign-in`);
    })
    .all(methodNotAllowed('POST'));
}

/** Where to go after the sign-in: always one of these pages, whatever the form says. */
function ownPath(wanted: string | null, base: string): string {
  if (wanted === null || !URL.canParse(wanted, 'http://here')) return base;
  const url = new URL(wanted, 'http://here');
  const isOwn = url.origin === 'http://here' && `${url.pathname}/`.startsWith(`${base}/`);
  return isOwn && !wanted.includes('\\') ? `${url.pathname}${url.search}` : base;
}

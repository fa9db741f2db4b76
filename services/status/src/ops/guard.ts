import type { Request, RequestHandler, Response } from 'express';
import { ForeignForm, SignedOut } from './errors.ts';
import { formOf } from './form.ts';
import { idleMs, type Session, type Sessions } from './session.ts';

const cookieName = 'kasabi_operator';

/** A session in use is renewed when it has been used up by this many milliseconds. */
const renewAfterMs = 60_000;

/** Lets in who is signed in. */
export interface Guard {
  /** Lets a request pass with its session; sends others to the sign-in. */
  readonly requireSession: RequestHandler;
  /** The session of a request that `requireSession` let pass, or of one that it never saw. */
  sessionOf(request: Request): Session | undefined;
  signIn(response: Response, session: Session): void;
  signOut(response: Response): void;
  /** What a form of this session carries, as its field `token`. */
  formTokenOf(request: Request): string;
}

export interface GuardOptions {
  readonly sessions: Sessions;
  /** Path of the pages as browsers see it: `/ops`. */
  readonly base: string;
  /** Whether browsers come by https. */
  readonly secure: boolean;
}

/** Makes the guard of all pages below `/ops`. */
export function createGuard({ sessions, base, secure }: GuardOptions): Guard {
  const cookie = { path: base, httpOnly: true, sameSite: 'strict', secure } as const;

  function sessionOf(request: Request): Session | undefined {
    const values = request.headers.cookie?.matchAll(/(?:^|;\s*)kasabi_operator=([^;\s]*)/g) ?? [];
    for (const [, value = ''] of values) {
      const session = sessions.open(value);
      if (session !== undefined) return session;
    }
    return undefined;
  }

  function signIn(response: Response, session: Session): void {
    const maxAge = session.expires - Date.now();
    response.cookie(cookieName, sessions.seal(session), { ...cookie, maxAge });
  }

  return {
    sessionOf,
    signIn,
    signOut: (response) => response.clearCookie(cookieName, cookie),
    formTokenOf(request) {
      const session = sessionOf(request);
      return session === undefined ? '' : sessions.formToken(session);
    },
    requireSession(request, response, next) {
      const session = sessionOf(request);
      const isPage = request.method === 'GET' && request.headers.accept?.includes('text/html');
      if (session === undefined) {
        if (!isPage) throw new SignedOut();
        // A link from another site brings no SameSite=Strict cookie; from this answer on it is sent.
        if (request.headers['sec-fetch-site'] === 'cross-site') {
          response.set('Refresh', '0').type('text/html').send('<!doctype html><title>…</title>');
          return;
        }
        const wanted = `${base}${request.url === '/' ? '' : request.url}`;
        response.redirect(303, `${base}/sign-in?next=${encodeURIComponent(wanted)}`);
        return;
      }
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        if (!sessions.isFormToken(session, formOf(request).get('token') ?? '')) {
          throw new ForeignForm();
        }
      }
      // Not by a stream, which a browser opens again and again while nobody looks.
      const used = session.expires - Date.now() < idleMs - renewAfterMs;
      if (used && isPage) signIn(response, sessions.renew(session));
      next();
    },
  };
}

import type { Request, RequestHandler, Response } from 'express';
import type { EndedSessions } from './ended-sessions.ts';
import { ForeignForm, SignedOut } from './errors.ts';
import { formOf } from './form.ts';
import { idleMs, type Session, type Sessions } from './session.ts';

/**
 * Without the prefix `__Host-`, which needs the path `/`: these pages may share their host with others. A cookie
 * that somebody else puts in its place is none of ours, for it is not signed.
 */
const sessionCookie = 'kasabi_operator';

/** A session in use is renewed when it has been used up by this many milliseconds. */
const renewAfterMs = 60_000;

/** Lets in who is signed in. */
export interface Guard {
  /** Finds the session of a request, for all that follows. */
  readonly readSession: RequestHandler;
  /** Lets a request pass with its session; sends others to the sign-in. */
  readonly requireSession: RequestHandler;
  /** The session of a request that `readSession` saw. */
  sessionOf(request: Request): Session | undefined;
  signIn(request: Request, response: Response, session: Session): void;
  /** Renews a session that is in use. */
  renew(request: Request, response: Response, session: Session): void;
  /** Ends the session of a request, on the server as in its browser. */
  signOut(request: Request, response: Response): Promise<void>;
  /** What a form of this session carries, as its field `token`. */
  formTokenOf(request: Request): string;
}

export interface GuardOptions {
  readonly sessions: Sessions;
  readonly ended: EndedSessions;
  /** Path of the pages as browsers see it: `/ops`. */
  readonly base: string;
  /** Whether the public address is https, so that every browser comes that way. */
  readonly secure: boolean;
}

/** Makes the guard of all pages below `/ops`. */
export function createGuard({ sessions, ended, base, secure }: GuardOptions): Guard {
  const found = new WeakMap<Request, Session>();
  /** Also where the public address is http, but a trusted proxy says that the browser came by https. */
  const cookieOf = (request: Request) =>
    ({
      path: base,
      httpOnly: true,
      sameSite: 'strict',
      secure: secure || request.secure,
    }) as const;

  const sessionOf = (request: Request): Session | undefined => found.get(request);

  function setSession(request: Request, response: Response, session: Session): void {
    const cookie = cookieOf(request);
    const maxAge = session.expires - Date.now();
    response.cookie(sessionCookie, sessions.seal(session), { ...cookie, maxAge });
  }

  return {
    async readSession(request, _response, next) {
      const session = firstOf(valuesOf(request, sessionCookie), sessions.open);
      if (session !== undefined && !(await ended.hasEnded(session))) found.set(request, session);
      next();
    },
    sessionOf,
    signIn: setSession,
    renew: (request, response, session) => setSession(request, response, sessions.renew(session)),
    async signOut(request, response) {
      const session = sessionOf(request);
      if (session !== undefined) await ended.end(session);
      response.clearCookie(sessionCookie, cookieOf(request));
    },
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
      if (used && isPage) setSession(request, response, sessions.renew(session));
      next();
    },
  };
}

/** All values of a cookie, for a request may bring several of one name. */
function* valuesOf(request: Request, name: string): Generator<string> {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [found = '', value = ''] = pair.trim().split('=');
    if (found === name) yield value;
  }
}

function firstOf<T>(
  values: Iterable<string>,
  open: (value: string) => T | undefined,
): T | undefined {
  for (const value of values) {
    const opened = open(value);
    if (opened !== undefined) return opened;
  }
  return undefined;
}

import type { NextFunction, Request, Response } from 'express';
import type { EndedSessions } from './ended-sessions.ts';
import { ForeignForm, SignedOut } from './errors.ts';
import { formOf } from './form.ts';
import { idleMs, type Session, type Sessions } from './session.ts';

/**
 * Without the prefix `__Host-`, which requires the path `/`: these pages may share their host with others. A cookie
 * that somebody else sets under this name is ignored, because it is not signed by us.
 */
const sessionCookie = 'kasabi_operator';

/** A session in use is renewed when this many milliseconds of it have passed. */
const renewAfterMs = 60_000;

export interface GuardOptions {
  readonly sessions: Sessions;
  readonly ended: EndedSessions;
  /** The path of the pages as browsers see it: `/ops`. */
  readonly base: string;
  /** Whether the public address is https, so that all browsers use https. */
  readonly secure: boolean;
}

/** Makes the guard for all pages below `/ops`, which lets in operators who are signed in. */
export function createGuard({ sessions, ended, base, secure }: GuardOptions) {
  const found = new WeakMap<Request, Session>();
  /** Also secure if the public address is http but a trusted proxy says that the browser uses https. */
  const cookieOf = (request: Request) =>
    ({
      path: base,
      httpOnly: true,
      sameSite: 'strict',
      secure: secure || request.secure,
    }) as const;

  /** The session that `readSession` found. */
  const sessionOf = (request: Request): Session | undefined => found.get(request);

  /** The session in a Cookie header, which may have several cookies of our name. */
  function sessionIn(cookies: string): Session | undefined {
    for (const pair of cookies.split(';')) {
      const [name, value = ''] = pair.trim().split('=');
      const session = name === sessionCookie ? sessions.open(value) : undefined;
      if (session !== undefined) return session;
    }
    return undefined;
  }

  function setSession(request: Request, response: Response, session: Session): void {
    const cookie = cookieOf(request);
    const maxAge = session.expires - Date.now();
    response.cookie(sessionCookie, sessions.seal(session), { ...cookie, maxAge });
  }

  return {
    /** Finds the session of a request, for later handlers. */
    async readSession(request: Request, _response: Response, next: NextFunction): Promise<void> {
      const session = sessionIn(request.headers.cookie ?? '');
      if (session !== undefined && !(await ended.hasEnded(session))) found.set(request, session);
      next();
    },
    sessionOf,
    signIn: setSession,
    /** Renews a session that is in use. */
    renew(request: Request, response: Response, session: Session): void {
      setSession(request, response, sessions.renew(session));
    },
    /** Ends the session of a request, on the server and in the browser. */
    async signOut(request: Request, response: Response): Promise<void> {
      const session = sessionOf(request);
      if (session !== undefined) await ended.end(session);
      response.clearCookie(sessionCookie, cookieOf(request));
    },
    /** The field `token` that a form of this session must have. */
    formTokenOf(request: Request): string {
      const session = sessionOf(request);
      return session === undefined ? '' : sessions.formToken(session);
    },
    /** Lets requests with a session pass, and sends others to the sign-in. */
    requireSession(request: Request, response: Response, next: NextFunction): void {
      const session = sessionOf(request);
      const isPage = request.method === 'GET' && request.headers.accept?.includes('text/html');
      if (session === undefined) {
        if (!isPage) throw new SignedOut();
        // With a link from another site the browser sends no SameSite=Strict cookie; with this page's reload it does.
        if (request.headers['sec-fetch-site'] === 'cross-site') {
          response.set('Refresh', '0').type('text/html').send('<!doctype html><title>…</title>');
          return;
        }
        const wanted = `${base}${request.url === '/' ? '' : request.url}`;
        response.redirect(303, `${base}/sign-in?next=${encodeURIComponent(wanted)}`);
        return;
      }
      const changes = request.method !== 'GET' && request.method !== 'HEAD';
      if (changes && !sessions.isFormToken(session, formOf(request).get('token') ?? '')) {
        throw new ForeignForm();
      }
      // Streams do not renew it: a browser reopens them even when nobody looks.
      const used = session.expires - Date.now() < idleMs - renewAfterMs;
      if (used && isPage) setSession(request, response, sessions.renew(session));
      next();
    },
  };
}

export type Guard = ReturnType<typeof createGuard>;

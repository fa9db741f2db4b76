import { methodNotAllowed, openEventStream, queryOf } from '@kasabi/http';
import type { Request, Response, Router } from 'express';
import type { EndedSessions } from './ended-sessions.ts';
import { NoSuchPage, SignedOut } from './errors.ts';
import { timeOfDay } from './format.ts';
import type { Guard } from './guard.ts';
import type { Live, Shown, View } from './live.ts';

/** A client that reads so slowly that this many bytes wait gets no more until they are sent. */
const mostWaitingBytes = 1_048_576;

export interface StreamOptions {
  readonly guard: Guard;
  readonly ended: EndedSessions;
  readonly live: Live;
  /** The views of the page at a path and query below `/ops`, its main one last; undefined if there is no such page. */
  readonly viewsOf: (target: string) => readonly View[] | undefined;
  /** Aborts when the service stops. */
  readonly stopping: AbortSignal;
}

/**
 * Adds `GET /live?view=…`: server-sent events with the changed sections of a page and, after each reading, how old the
 * page is.
 */
export function addStream(router: Router, options: StreamOptions): void {
  const { guard, ended, live, viewsOf, stopping } = options;

  function stream(request: Request, response: Response): void {
    const session = guard.sessionOf(request);
    if (session === undefined) throw new SignedOut();
    const views = viewsOf(new URLSearchParams(queryOf(request)).get('view') ?? '');
    if (views === undefined) throw new NoSuchPage();
    // Another process may have ended the session.
    const goesOn = async (): Promise<boolean> => !(await ended.hasEnded(session));
    const { write, end } = openEventStream(request, response, goesOn);
    const sent = new Map<string, string>();
    const send = (shown: Shown, isMain: boolean): void => {
      if (response.writableLength > mostWaitingBytes) return;
      const sections: Record<string, string> = {};
      for (const [id, { text }] of shown.sections) {
        if (sent.get(id) === text) continue;
        sent.set(id, text);
        sections[id] = text;
      }
      // The page is as old as its main part.
      const { ageMs, trouble = null } = shown;
      const asOf = timeOfDay(new Date(Date.now() - ageMs));
      const state = isMain ? { ageMs: Math.round(ageMs), asOf, trouble } : {};
      const data = JSON.stringify({ sections, ...state });
      write(`event: view\ndata: ${data}\n\n`);
    };
    const forgetEnd = ended.onEnd(session, end);
    // Browsers reconnect: with a renewed session the stream continues, without one they are told to sign in.
    const expiry = setTimeout(end, Math.max(0, session.expires - Date.now()));
    if (stopping.aborted) end();
    stopping.addEventListener('abort', end, { once: true });
    const ends = views.map((view, index) =>
      live.follow(view, (shown) => send(shown, index === views.length - 1)),
    );
    response.once('close', () => {
      clearTimeout(expiry);
      forgetEnd();
      stopping.removeEventListener('abort', end);
      for (const unfollow of ends) unfollow();
    });
  }

  router.route('/live').get(stream).all(methodNotAllowed('GET'));
}

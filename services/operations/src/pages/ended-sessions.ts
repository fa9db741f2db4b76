import { createHash } from 'node:crypto';
import { type RedisConnection, SPREAD_KEY_PREFIX } from '@kasabi/queue';
import { longestMs, type Session } from './session.ts';

/** The pause, in milliseconds, before Redis is asked again about a session that had not ended. */
const askAgainMs = 1_000;
/** Only those who know the password can begin sessions; the bound is for a script of theirs that never stops. */
const mostEnded = 10_000;

export interface EndedSessionsOptions {
  /** Tells other processes, and this one after a restart; without it, only this process knows. */
  readonly redis: RedisConnection | undefined;
  readonly onError: (error: unknown) => void;
  readonly now?: () => number;
}

/**
 * The sessions that ended early, by a sign-out. Redis keeps them for other processes, until the last renewal of a
 * copied cookie would have expired. While Redis does not answer, a process only knows the sessions that it ended
 * itself.
 */
export function createEndedSessions(options: EndedSessionsOptions) {
  const { redis, onError, now = Date.now } = options;
  const ended = new Set<string>();
  const askedAt = new Map<string, number>();
  const listeners = new Map<string, Set<() => void>>();
  const nameOf = ({ id }: Session): string =>
    `${SPREAD_KEY_PREFIX}:ended-session:${createHash('sha256').update(id).digest('base64url')}`;

  function note(id: string): void {
    ended.add(id);
    const [oldest = ''] = ended;
    if (ended.size > mostEnded) ended.delete(oldest);
    for (const listener of listeners.get(id) ?? []) listener();
    listeners.delete(id);
  }

  return {
    /** Ends a session: here at once, and in other processes through Redis, if there is one. */
    async end(session: Session): Promise<void> {
      note(session.id);
      const leftMs = session.started + longestMs - now();
      if (leftMs > 0) await redis?.set(nameOf(session), 1, 'PX', leftMs).catch(onError);
    },
    async hasEnded(session: Session): Promise<boolean> {
      if (ended.has(session.id)) return true;
      const asked = askedAt.get(session.id);
      if (redis === undefined || (asked !== undefined && now() - asked < askAgainMs)) return false;
      if (askedAt.size >= mostEnded) askedAt.clear();
      askedAt.set(session.id, now());
      try {
        if ((await redis.exists(nameOf(session))) === 0) return false;
      } catch (error) {
        onError(error);
        return false;
      }
      note(session.id);
      return true;
    },
    /** Calls `listener` when this process ends the session; returns a function that removes the listener. */
    onEnd({ id }: Session, listener: () => void): () => void {
      const ofOne = listeners.get(id) ?? new Set();
      listeners.set(id, ofOne);
      ofOne.add(listener);
      return () => {
        ofOne.delete(listener);
        if (ofOne.size === 0) listeners.delete(id);
      };
    },
  };
}

export type EndedSessions = ReturnType<typeof createEndedSessions>;

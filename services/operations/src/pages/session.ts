import { createHmac, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';

/** The session of a signed-in operator, from the cookie. */
export interface Session {
  readonly id: string;
  /** When the operator signed in, in milliseconds since 1970. */
  readonly started: number;
  /** When the session ends unless it is renewed, in milliseconds since 1970. */
  readonly expires: number;
}

/** A session ends this many milliseconds after its last use. */
export const idleMs = 30 * 60_000;

/** It is never renewed beyond this many milliseconds after the sign-in. */
export const longestMs = 12 * 60 * 60_000;

/**
 * Sessions signed with a key that is made from the password: processes with the same password accept each other's
 * sessions, and changing the password ends them all. The key is made by scrypt, so that whoever finds a cookie cannot
 * try passwords by the million. Which sessions were ended early is known to `EndedSessions`.
 */
export function createSessions(password: string, now: () => number = Date.now) {
  const key = scryptSync(password, 'kasabi operations page', 32);
  const sign = (text: string): string => createHmac('sha256', key).update(text).digest('base64url');
  const end = (started: number): number => Math.min(now() + idleMs, started + longestMs);
  const formToken = (session: Session): string => sign(`form ${session.id}`);

  return {
    begin(): Session {
      const started = now();
      return { id: randomBytes(16).toString('base64url'), started, expires: end(started) };
    },
    /** The same session, used now. */
    renew: (session: Session): Session => ({ ...session, expires: end(session.started) }),
    /** The content of the cookie. */
    seal(session: Session): string {
      const text = `${session.id}.${session.started}.${session.expires}`;
      return `${text}.${sign(`session ${text}`)}`;
    },
    /** The session in a cookie; undefined if it is not signed by us or has expired. */
    open(sealed: string): Session | undefined {
      const [id = '', started = '', expires = '', signature = '', ...more] = sealed.split('.');
      if (more.length > 0) return undefined;
      if (!isSame(signature, sign(`session ${id}.${started}.${expires}`))) return undefined;
      const session = { id, started: Number(started), expires: Number(expires) };
      return session.expires > now() ? session : undefined;
    },
    /** A token that forms of this session carry, so that no other site can send one. */
    formToken,
    isFormToken: (session: Session, given: string): boolean => isSame(given, formToken(session)),
  };
}

export type Sessions = ReturnType<typeof createSessions>;

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

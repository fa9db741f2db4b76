import { createHmac, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';

/** A signed-in operator, as the cookie says. */
export interface Session {
  readonly id: string;
  /** When the operator signed in, in milliseconds since 1970. */
  readonly started: number;
  /** When the session ends unless it is renewed, in milliseconds since 1970. */
  readonly expires: number;
}

/** A session ends this many milliseconds after its last use. */
export const idleMs = 30 * 60_000;

/** It is not renewed beyond this many milliseconds after the sign-in. */
export const longestMs = 12 * 60 * 60_000;

/** Makes and checks what the cookie holds; which sessions were ended is for `EndedSessions` to know. */
export interface Sessions {
  begin(): Session;
  /** The same session, in use now. */
  renew(session: Session): Session;
  /** What the cookie holds. */
  seal(session: Session): string;
  /** The session of a cookie; undefined when it is not one of ours, or has ended. */
  open(sealed: string): Session | undefined;
  /** What a form of this session carries, so that no other site can send one. */
  formToken(session: Session): string;
  isFormToken(session: Session, given: string): boolean;
}

/**
 * Sessions that are signed with a key made of the password: all processes with the same password know
 * each other's, and another password ends them all. The key is made by scrypt, so that a cookie that
 * got lost does not let its finder try passwords by the million.
 */
export function createSessions(password: string, now: () => number = Date.now): Sessions {
  const key = scryptSync(password, 'kasabi operations page', 32);
  const sign = (text: string): string => createHmac('sha256', key).update(text).digest('base64url');
  const end = (started: number): number => Math.min(now() + idleMs, started + longestMs);
  const formToken = (session: Session): string => sign(`form ${session.id}`);

  return {
    begin() {
      const started = now();
      return { id: randomBytes(16).toString('base64url'), started, expires: end(started) };
    },
    renew: (session) => ({ ...session, expires: end(session.started) }),
    seal(session) {
      const text = `${session.id}.${session.started}.${session.expires}`;
      return `${text}.${sign(`session ${text}`)}`;
    },
    open(sealed) {
      const [id = '', started = '', expires = '', signature = '', ...more] = sealed.split('.');
      if (more.length > 0) return undefined;
      if (!isSame(signature, sign(`session ${id}.${started}.${expires}`))) return undefined;
      const session = { id, started: Number(started), expires: Number(expires) };
      return session.expires > now() ? session : undefined;
    },
    formToken,
    isFormToken: (session, given) => isSame(given, formToken(session)),
  };
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

import { ReplyError } from 'ioredis';

/** A state in which Redis does not accept writes. */
export interface RedisState {
  /** A stable name. */
  readonly state: string;
  /** What is wrong: the part of the sentence after "Redis". */
  readonly what: string;
}

interface Known extends RedisState {
  /** Whether a new connection may reach a server in a better state: after a failover, or with another login. */
  readonly reconnect: boolean;
}

const known = (state: string, what: string, reconnect: boolean): Known => ({
  state,
  what,
  reconnect,
});

/** The states by the first word of Redis's error reply. */
export const statesByCode = {
  READONLY: known('read-only', 'is a replica, which does not accept writes', true),
  UNBLOCKED: known('read-only', 'has become a replica, which does not accept writes', true),
  MASTERDOWN: known('read-only', 'is a replica that has lost its master', true),
  LOADING: known('loading', 'is loading its data', true),
  CLUSTERDOWN: known('cluster-down', 'is a cluster that is down', true),
  NOREPLICAS: known('no-replicas', 'refuses writes because it has too few replicas', true),
  NOAUTH: known('login-refused', 'refuses the login of a service', true),
  WRONGPASS: known('login-refused', 'refuses the login of a service', true),
  NOPERM: known(
    'privilege-missing',
    'does not let the login of a service do what it needs to',
    false,
  ),
  MISCONF: known('not-saving', 'refuses writes because it cannot save its data to disk', false),
  OOM: known('memory-full', 'refuses writes because its memory is full', false),
  BUSY: known('busy', 'is busy with a script', false),
  // The client follows these by itself; they are met when nodes disagree for longer than it has patience.
  MOVED: known('moved', 'is a cluster that is moving its keys', false),
  ASK: known('moved', 'is a cluster that is moving its keys', false),
  TRYAGAIN: known('moved', 'is a cluster that is moving its keys', false),
} as const satisfies Readonly<Record<string, Known>>;

const byCode: Readonly<Record<string, Known>> = statesByCode;

const silent: RedisState = { state: 'unreachable', what: 'does not answer' };

// In a script: "READONLY You can't write … script: 6b1bf4…"; before Redis 7 preceded by other words: ": -READONLY".
const codeIn = (text: string): string | undefined =>
  /^([A-Z]+) /.exec(text)?.[1] ?? / -([A-Z]+) /.exec(text)?.[1];

/** The state of Redis that a failed command reveals. */
export function stateOf(error: unknown): Known | RedisState {
  if (!(error instanceof ReplyError)) return silent;
  const text = (error as Error).message;
  const code = codeIn(text) ?? '';
  return (
    byCode[code] ?? { state: 'refusing', what: `refuses a write (${code === '' ? 'ERR' : code})` }
  );
}

/**
 * For ioredis's `reconnectOnError`: whether reconnecting may cure what Redis answered. A server that was demoted
 * may keep its connections, and a client that keeps them as well never reaches its successor.
 */
export function isMendedByReconnect(error: unknown): boolean {
  const state = stateOf(error);
  return 'reconnect' in state && state.reconnect;
}

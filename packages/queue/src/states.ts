import { ReplyError } from 'ioredis';

/** A state of a Redis that does not take writes. */
export interface RedisState {
  /** A name that does not change. */
  readonly state: string;
  /** What is wrong, as a sentence goes on after "Redis". */
  readonly what: string;
}

interface Known extends RedisState {
  /** Whether a new connection may lead to a server that is not so: after a failover, or another login. */
  readonly reconnect: boolean;
}

const known = (state: string, what: string, reconnect: boolean): Known => ({
  state,
  what,
  reconnect,
});

/** What Redis says instead of doing what it is asked, by the first word of its answer. */
const byCode: Readonly<Record<string, Known>> = {
  READONLY: known('read-only', 'is a replica, which takes no writes', true),
  UNBLOCKED: known('read-only', 'has become a replica, which takes no writes', true),
  MASTERDOWN: known('read-only', 'is a replica that has lost its master', true),
  LOADING: known('loading', 'is loading its data', true),
  CLUSTERDOWN: known('cluster-down', 'is a cluster that is down', true),
  NOREPLICAS: known('no-replicas', 'takes no writes, since it has too few replicas', true),
  NOAUTH: known('login-refused', 'refuses the login of a service', true),
  WRONGPASS: known('login-refused', 'refuses the login of a service', true),
  NOPERM: known(
    'privilege-missing',
    'does not let the login of a service do what it has to',
    false,
  ),
  MISCONF: known('not-saving', 'takes no writes, since it cannot save its data to the disk', false),
  OOM: known('memory-full', 'takes no writes, since its memory is full', false),
  BUSY: known('busy', "is busy with somebody's script", false),
};

const silent: RedisState = { state: 'unreachable', what: 'does not answer' };

// Of a script: "READONLY You can't write … script: 6b1bf4…"; before Redis 7 after words of its own: ": -READONLY".
const codeIn = (text: string): string | undefined =>
  /^([A-Z]+) /.exec(text)?.[1] ?? / -([A-Z]+) /.exec(text)?.[1];

/** What a failed command says of Redis. */
export function stateOf(error: unknown): Known | RedisState {
  if (!(error instanceof ReplyError)) return silent;
  const text = (error as Error).message;
  const code = codeIn(text) ?? '';
  return (
    byCode[code] ?? { state: 'refusing', what: `refuses a write (${code === '' ? 'ERR' : code})` }
  );
}

/**
 * For ioredis's `reconnectOnError`: whether what Redis answered may be mended by connecting anew. A server
 * that was demoted may keep its connections, and a client that does the same never meets its successor.
 */
export function isMendedByReconnect(error: unknown): boolean {
  const state = stateOf(error);
  return 'reconnect' in state && state.reconnect;
}

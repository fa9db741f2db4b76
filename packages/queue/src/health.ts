import { Cluster } from 'ioredis';
import { KEY_PREFIX } from './names.ts';
import type { RedisConnection } from './open.ts';
import { type RedisState, stateOf, statesByCode } from './states.ts';

const key = `${KEY_PREFIX}:health`;

const { CLUSTERDOWN: clusterDown, LOADING: loading } = statesByCode;

/** How long the key lives after the last check, in milliseconds. */
const keptMs = 60_000;

/** The last problem of each connection, and when: a connection that is reconnecting answers nothing itself. */
const met = new WeakMap<RedisConnection, { readonly state: RedisState; readonly at: number }>();

/** A problem older than this, in milliseconds, no longer explains why a connection is not ready. */
const metForMs = 3_000;

/** Records what kept a connection, or one of its commands, from working. */
export function noteError(redis: RedisConnection, error: unknown): void {
  const state = stateOf(error);
  if (state.state !== 'unreachable' && state.state !== 'moved')
    met.set(redis, { state, at: performance.now() });
}

/**
 * Checks whether Redis would accept a write now, with a small one to a key that expires: a replica, a server
 * without memory, disk or replicas, and one that does not let this login write all answer PING. Returns
 * undefined when it would. Never rejects.
 */
export async function redisTrouble(redis: RedisConnection): Promise<RedisState | undefined> {
  try {
    await redis.set(key, '1', 'PX', keptMs);
    return undefined;
  } catch (error) {
    const state = stateOf(error);
    if (state.state !== 'unreachable') return state;
    if (redis.status === 'connect') return redis instanceof Cluster ? clusterDown : loading;
    const last = met.get(redis);
    return last !== undefined && performance.now() - last.at < metForMs ? last.state : state;
  }
}

import type { Redis } from 'ioredis';
import { KEY_PREFIX } from './names.ts';
import { type RedisState, stateOf } from './states.ts';

const key = `${KEY_PREFIX}:health`;

/** The key is gone so many milliseconds after the last look. */
const keptMs = 60_000;

/** What each connection met last, and when: what is connecting anew answers nothing by itself. */
const met = new WeakMap<Redis, { readonly state: RedisState; readonly at: number }>();

/** What was met so long ago, in milliseconds, is no longer why a connection is not ready. */
const metForMs = 3_000;

/** Notes what kept a connection, or a command of it, from doing its work. */
export function noteError(redis: Redis, error: unknown): void {
  const state = stateOf(error);
  if (state.state !== 'unreachable') met.set(redis, { state, at: performance.now() });
}

/**
 * Looks whether Redis would take a write now, by a small one to a key that ends by itself: a replica, a
 * server without memory, disk or replicas, and one that does not let this login write all answer PING.
 * Undefined when it would. Never rejects.
 */
export async function redisTrouble(redis: Redis): Promise<RedisState | undefined> {
  try {
    await redis.set(key, '1', 'PX', keptMs);
    return undefined;
  } catch (error) {
    const state = stateOf(error);
    if (state.state !== 'unreachable') return state;
    if (redis.status === 'connect') return { state: 'loading', what: 'is loading its data' };
    const last = met.get(redis);
    return last !== undefined && performance.now() - last.at < metForMs ? last.state : state;
  }
}

import { KEY_PREFIX, SPREAD_KEY_PREFIX } from './names.ts';
import { mastersOf, type RedisConnection } from './open.ts';

// The keys of versions whose prefix had no tag. They ran on no cluster, so that one server holds them all.

/** The marker of their epoch; see `createEpoch`. */
export const untaggedEpoch = `${SPREAD_KEY_PREFIX}:epoch`;

/** Their copy of Postgres's newest beat; see `createBeatMarkStore`. */
export const untaggedBeat = `${SPREAD_KEY_PREFIX}:beat`;

/** Each of their processes writes it with every look at Redis, and it lasts for a minute. */
const untaggedHealth = `${SPREAD_KEY_PREFIX}:health`;

/** Their queue. */
const untaggedQueue = `${SPREAD_KEY_PREFIX}:jobs`;

/** All of their keys that a worker of this version looks at. */
export const untaggedKeyPatterns = [
  untaggedEpoch,
  untaggedBeat,
  untaggedHealth,
  `${untaggedQueue}:*`,
] as const;

/** How long their beat is kept, in seconds, for whoever goes back to such a version. */
const beatKeptSeconds = 30 * 86_400;

/** What became of the keys of a version before: its processes still use them, there are none, or so many are gone. */
export type Swept = 'in use' | 'none' | { readonly removed: number };

/**
 * Removes the keys of versions without a tag once none of their processes has looked at Redis for a minute, and this
 * version has handed everything over. Nothing is lost with them: the truth is in Postgres.
 */
export async function sweepUntagged(redis: RedisConnection): Promise<Swept> {
  if ((await redis.exists(untaggedEpoch)) === 0) return 'none';
  const [inUse, acknowledged] = await Promise.all([
    redis.exists(untaggedHealth),
    redis.exists(`${KEY_PREFIX}:epoch`),
  ]);
  if (inUse > 0 || acknowledged === 0) return 'in use';
  let removed = 0;
  for (const server of mastersOf(redis)) {
    let cursor = '0';
    do {
      const [next, keys] = await server.scan(cursor, 'MATCH', `${untaggedQueue}:*`, 'COUNT', 1_000);
      // One by one: on a cluster they are in different slots.
      await Promise.all(keys.map((key) => server.unlink(key)));
      removed += keys.length;
      cursor = next;
    } while (cursor !== '0');
  }
  await redis.expire(untaggedBeat, beatKeptSeconds);
  // Last: an interrupted sweep begins anew.
  await redis.unlink(untaggedEpoch);
  return { removed };
}

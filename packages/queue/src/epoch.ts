import { QueueUnavailable } from './errors.ts';
import { redisTrouble } from './health.ts';
import { KEY_PREFIX } from './names.ts';
import type { RedisConnection } from './open.ts';
import { readOwner } from './owner-info.ts';
import { untaggedEpoch } from './untagged.ts';

const key = `${KEY_PREFIX}:epoch`;

/**
 * Tells whether Redis may have lost data since all relays together last acknowledged it. A marker key holds the server's
 * run id: the marker is lost with the data, and a server that was restarted or took over has another run id.
 */
export function createEpoch(redis: RedisConnection) {
  let seen = '';
  let hasMoved = false;
  return {
    /**
     * True after a restart or failover (another run id than the marker names) and after a wipe.
     *
     * @throws QueueUnavailable while Redis does not accept writes: a replica holds another server's marker.
     */
    async lostData(): Promise<boolean> {
      const [trouble, owner] = await Promise.all([
        redisTrouble(redis),
        readOwner(redis, key, 'server'),
      ]);
      if (trouble !== undefined) throw new QueueUnavailable(trouble.what);
      seen = owner.info('run_id');
      const isKnown = owner.value === seen && seen !== '';
      hasMoved = !isKnown && owner.value === null && (await redis.get(untaggedEpoch)) === seen;
      return !isKnown;
    },
    /**
     * Whether the last `lostData` was true only because a version before kept everything under other keys. All is to be
     * handed over again, and nothing was lost.
     */
    hasMoved: (): boolean => hasMoved,
    /** Marks Redis's present data as known, so that `lostData` is false until something happens to it. */
    async acknowledgeData(): Promise<void> {
      await redis.set(key, seen);
    },
  };
}

import type { Redis } from 'ioredis';
import { KEY_PREFIX } from './names.ts';

const key = `${KEY_PREFIX}:epoch`;

/** Tells whether Redis may have lost data since it was last looked at. */
export interface Epoch {
  /** True on the first call, after a restart or failover (the server's run id), and after a wipe. */
  lostData(): Promise<boolean>;
  /** Marks Redis's present data as known, so that `lostData` is false until something happens to it. */
  acknowledgeData(): Promise<void>;
}

/** Watches the Redis behind `redis` by a marker key and by the server's run id. */
export function createEpoch(redis: Redis): Epoch {
  let known: string | undefined;
  let seen: string | undefined;
  return {
    async lostData() {
      const [marked, info] = await Promise.all([redis.exists(key), redis.info('server')]);
      seen = /^run_id:(\w+)/m.exec(info)?.[1];
      return marked === 0 || seen === undefined || seen !== known;
    },
    async acknowledgeData() {
      await redis.set(key, new Date().toISOString());
      known = seen;
    },
  };
}

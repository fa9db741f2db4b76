import { openTestRedis, serversOf } from '@kasabi/test/support/redis-client';

/** Every key of a Redis database with its value, as text. */
export async function everythingIn(url: string): Promise<string> {
  const redis = openTestRedis(url);
  try {
    const lines: string[] = [];
    // A cluster's client knows its nodes once it has answered.
    await redis.exists('any');
    const keys = await Promise.all(serversOf(redis).map((server) => server.keys('*')));
    for (const key of keys.flat()) {
      const type = await redis.type(key);
      const value: unknown = await {
        string: () => redis.get(key),
        hash: () => redis.hgetall(key),
        list: () => redis.lrange(key, 0, -1),
        set: () => redis.smembers(key),
        zset: () => redis.zrange(key, '0', '-1', 'WITHSCORES'),
        stream: () => redis.xrange(key, '-', '+'),
      }[type as 'string']();
      lines.push(`${key} ${JSON.stringify(value)}`);
    }
    return lines.join('\n');
  } finally {
    redis.disconnect();
  }
}

import type { RedisConnection } from './open.ts';

const text = `return { redis.call('GET', KEYS[1]), redis.call('INFO', ARGV[1]) }`;

/**
 * A key, and what the server that holds it says of itself, both at one moment. By a script, because a cluster's client
 * sends a script to the node that holds its key, and INFO to any node.
 */
export async function readOwner(
  redis: RedisConnection,
  key: string,
  section: 'server' | 'memory' | 'persistence',
): Promise<{ readonly value: string | null; readonly info: (field: string) => string }> {
  const [value, info] = (await redis.eval(text, 1, key, section)) as [string | null, string];
  return {
    value,
    info: (field) => new RegExp(`^${field}:(.*?)\r?$`, 'm').exec(info)?.[1] ?? '',
  };
}

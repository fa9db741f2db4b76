import type { RedisConnection } from './open.ts';

type Section = 'server' | 'memory' | 'persistence';

/** A field of what INFO said; empty where it is missing. */
type Info = (field: string) => string;

const infoText = `return redis.call('INFO', ARGV[1])`;
const valueText = `return { redis.call('GET', KEYS[1]), redis.call('INFO', ARGV[1]) }`;

// By scripts, because a cluster's client sends a script to the node that holds its key, and INFO to any node.

/** What the server that holds a key says of itself. The key may hold anything. */
export async function readInfo(
  redis: RedisConnection,
  key: string,
  section: Section,
): Promise<Info> {
  return infoOf(String(await redis.eval(infoText, 1, key, section)));
}

/** A key, and what the server that holds it says of itself, both at one moment. */
export async function readOwner(
  redis: RedisConnection,
  key: string,
  section: Section,
): Promise<{ readonly value: string | null; readonly info: Info }> {
  const [value, info] = (await redis.eval(valueText, 1, key, section)) as [string | null, string];
  return { value, info: infoOf(info) };
}

const infoOf =
  (info: string): Info =>
  (field) =>
    new RegExp(`^${field}:(.*?)\r?$`, 'm').exec(info)?.[1] ?? '';

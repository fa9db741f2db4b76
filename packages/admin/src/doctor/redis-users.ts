import { aclRules, type RedisConnection, type RedisUser, readClients } from '@kasabi/queue';
import { type Check, judge } from './check.ts';

const services = Object.keys(aclRules) as RedisUser[];

/** Commands that no service needs. Who may send one of them was granted more than that. */
const needless = [
  ['FLUSHALL'],
  ['KEYS', '*'],
  ['CONFIG', 'GET', '*'],
  ['SHUTDOWN'],
  ['ACL', 'LIST'],
  ['PUBLISH', 'channel', 'message'],
  ['GET', 'a-key-of-others'],
] as const;

/**
 * Says which services log in to Redis as users who may do more than they need, with the rules that are enough. It is
 * advice, not a fault: a Redis that serves nothing else, behind a password, is often left like that. Undefined where
 * this login may not see users, or Redis is older than 7.0.
 */
export async function checkUsers(redis: RedisConnection): Promise<Check | undefined> {
  try {
    const found: string[] = [];
    const advice: string[] = [];
    for (const [service, user] of await usersOf(redis)) {
      const more = await needlessOf(redis, user);
      if (more.length === 0) continue;
      found.push(`${service} logs in as ${user}, who may also send ${more.join(', ')}`);
      advice.push(`ACL SETUSER kasabi-${service} on >PASSWORD ${aclRules[service]}`);
    }
    if (found.length === 0) return judge('redis-users', 'each may do what its service needs');
    const todo = `Give each a user of its own: ${advice.join('; ')}`;
    return { name: 'redis-users', status: 'ok', what: found.join('; '), todo };
  } catch {
    return undefined;
  }
}

/** Whom the services that are connected now log in as. */
async function usersOf(redis: RedisConnection): Promise<ReadonlyMap<RedisUser, string>> {
  const users = new Map<RedisUser, string>();
  for (const { name, user } of await readClients(redis)) {
    const service = services.find((it) => new RegExp(`\\bkasabi-${it}$`).test(name));
    if (service !== undefined) users.set(service, user);
  }
  return users;
}

async function needlessOf(redis: RedisConnection, user: string): Promise<string[]> {
  const allowed: string[] = [];
  for (const command of needless) {
    if ((await redis.call('ACL', 'DRYRUN', user, ...command)) === 'OK') {
      allowed.push(command.join(' '));
    }
  }
  return allowed;
}

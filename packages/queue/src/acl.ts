import { KEY_PREFIX, SPREAD_KEY_PREFIX } from './names.ts';
import { untaggedKeyPatterns } from './untagged.ts';

/** Who logs in to Redis. */
export type RedisUser = 'api' | 'worker' | 'operations';

/** What all of them need: the connection itself, BullMQ's scripts, INFO, and where a cluster keeps what. */
const common =
  'resetchannels -@all +@read +@connection +eval +evalsha +multi +exec -@dangerous +info +cluster|slots +cluster|info';

const queue = `~${KEY_PREFIX}*`;

/**
 * What each service may do in Redis, and no more: the rules of an ACL user, in the order in which ACL SETUSER takes them.
 * For Redis 6.2 and newer.
 */
export const aclRules: Readonly<Record<RedisUser, string>> = {
  api: `${queue} ~${SPREAD_KEY_PREFIX}:rate:* ${withWrites(common)}`,
  worker: `${queue} ${untaggedKeyPatterns.map((pattern) => `~${pattern}`).join(' ')} ${withWrites(common)}`,
  // It looks at the queue, and writes who has signed out.
  operations: `${queue} ~${SPREAD_KEY_PREFIX}:ended-session:* ${common} +set`,
};

function withWrites(rules: string): string {
  return rules.replace('+@read', '+@read +@write');
}

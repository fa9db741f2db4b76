import { parseRedisUrl } from '@kasabi/runtime';
import { Cluster, Redis } from 'ioredis';
import { topology } from './topology.ts';

/** The name of this client's connections. */
const name = 'test-support';

/** A client of the Redis of a test, whichever form its URL has. It is to be disconnected. */
export function openTestRedis(url: string): Redis | Cluster {
  const { tls: usesTls, username, password, db, servers } = parseRedisUrl(url);
  const tls = usesTls ? { tls: { ...topology().redisTls } } : {};
  const login = { username, password, connectionName: name, maxRetriesPerRequest: 1, ...tls };
  switch (servers.kind) {
    case 'single':
      return new Redis({ ...login, ...servers.address, db });
    case 'sentinel': {
      const { redisSentinelPassword: sentinelPassword } = topology();
      const sentinels = [...servers.sentinels];
      return new Redis({ ...login, sentinels, name: servers.master, sentinelPassword, db });
    }
    case 'cluster':
      return new Cluster([...servers.nodes], { redisOptions: login });
  }
}

/** The servers that hold what a client reaches. */
export function serversOf(client: Redis | Cluster): Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}

/** Whether a line of CLIENT LIST is a connection of such a client. */
export const isOwnClient = (line: string): boolean => / name=\S*test-support /.test(line);

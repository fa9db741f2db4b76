import type { ServiceName } from '@kasabi/local';
import { testEnvironment } from './env.ts';

/** How the services of a test stack reach their servers, where the tests themselves reach them in another way. */
export interface StackTopology {
  /**
   * Settings that replace the local stack's. `{database}` stands for the name of the test's database, and `{redis}` for
   * the number of its logical database in Redis.
   */
  readonly settings?: Partial<Record<ServiceName, Readonly<Record<string, string>>>>;
  /** The Redis of each stack, where they cannot share one: a cluster has no logical databases. */
  readonly redisUrls?: readonly string[];
  /** For the tests' own clients of Redis. */
  readonly redisTls?: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly redisSentinelPassword?: string;
  /** Two of each of api and status, reached through nginx with the shipped configuration. */
  readonly behindNginx?: boolean;
  /** How many workers a stack has that asks for no number of them. */
  readonly workers?: number;
}

/** The run's topology. */
export function topology(): StackTopology {
  const { TEST_TOPOLOGY } = testEnvironment();
  return TEST_TOPOLOGY === undefined ? {} : JSON.parse(TEST_TOPOLOGY);
}

/** The settings that the run's topology gives a service of the stack with these databases. */
export function topologySettings(
  name: ServiceName,
  databases: { readonly postgres: string; readonly redis: number },
): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(topology().settings?.[name] ?? {}).map(([setting, value]) => [
      setting,
      value
        .replaceAll('{database}', databases.postgres)
        .replaceAll('{redis}', String(databases.redis)),
    ]),
  );
}

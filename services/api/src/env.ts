import {
  checkRedis,
  clientSettings,
  type Environment,
  integer,
  limit,
  parseSettings,
  port,
  postgresUrl,
  publicUrl,
  redisSettings,
  redisUrl,
} from '@kasabi/runtime';
import { z } from 'zod';

/** What each setting is, for the documentation and the tests. */
export const schema = z
  .object({
    DATABASE_URL: postgresUrl().describe('Postgres, with the login of the role kasabi_api'),
    REDIS_URL: redisUrl().describe('Redis, where due jobs are delivered from'),
    ...redisSettings,
    API_PORT: port(8080).describe('The port to listen on'),
    API_PUBLIC_URL: publicUrl().describe('Where clients reach this service'),
    STATUS_PUBLIC_URL: publicUrl().describe('Where clients reach the status service'),
    MAX_SCHEDULE_DAYS: integer({ from: 1, to: 36_500, fallback: 366 }).describe(
      'How many days ahead a startTime may lie',
    ),
    MAX_OPEN_JOBS_PER_DATASET: limit(1_000).describe(
      'The most unfinished jobs of a dataset; 0 for no limit',
    ),
    RATE_LIMIT_PER_MINUTE: limit(600).describe(
      'The most requests a minute with one API key, and from one address; 0 for no limit',
    ),
    QUEUE_HORIZON_MS: integer({ from: 60_000, to: 2_592_000_000, fallback: 3_600_000 }).describe(
      'Jobs due later than this many milliseconds from now stay out of Redis until near',
    ),
    ...clientSettings,
  })
  .superRefine(checkRedis);

export type Settings = z.infer<typeof schema>;

/**
 * The settings of the api service.
 *
 * @throws SettingsInvalid
 */
export function readSettings(environment: Environment): Settings {
  return parseSettings(schema, environment, { of: 'the api service', prefixes: ['API_'] });
}

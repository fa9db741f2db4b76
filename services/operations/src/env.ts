import {
  checkRedis,
  type Environment,
  httpSettings,
  integer,
  operatorPassword,
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
    DATABASE_URL: postgresUrl().describe('Postgres, with the login of the role kasabi_operations'),
    REDIS_URL: redisUrl()
      .optional()
      .describe('Redis, to show the queue, and so that a sign-out reaches all processes at once'),
    ...redisSettings,
    OPERATIONS_PORT: port(8083).describe('The port to listen on'),
    OPERATIONS_PUBLIC_URL: publicUrl()
      .default('http://127.0.0.1:8083')
      .describe('Where operators reach this service'),
    OPERATOR_PASSWORD: operatorPassword().describe('Opens the operations page'),
    SAMPLE_INTERVAL_MS: integer({
      from: 100,
      to: 60_000,
      fallback: 10_000,
      what: 'a number of milliseconds',
    }).describe('The pause between samples of the whole system for /metrics'),
    ...httpSettings,
    LISTEN_ADDRESS: httpSettings.LISTEN_ADDRESS.default('127.0.0.1').describe(
      "The address to listen on, also for METRICS_PORT; :: or 0.0.0.0 for all of the host's",
    ),
  })
  .superRefine(checkRedis);

export type Settings = z.infer<typeof schema>;

/**
 * The settings of the operations service.
 *
 * @throws SettingsInvalid
 */
export function readSettings(environment: Environment): Settings {
  return parseSettings(schema, environment, {
    of: 'the operations service',
    prefixes: ['OPERATIONS_'],
  });
}

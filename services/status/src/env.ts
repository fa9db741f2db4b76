import { exportStoreUrl } from '@kasabi/exports';
import { successStatuses } from '@kasabi/protocol';
import {
  choice,
  clientSettings,
  type Environment,
  integer,
  limit,
  parseSettings,
  port,
  postgresUrl,
  publicUrl,
} from '@kasabi/runtime';
import { z } from 'zod';

/** All settings, with descriptions for the documentation and the tests. */
export const schema = z.object({
  DATABASE_URL: postgresUrl().describe('Postgres, with the login of the role kasabi_status'),
  DATABASE_PRIMARY_URL: postgresUrl()
    .optional()
    .describe(
      'The primary, where DATABASE_URL leads to a standby: asked what the standby may not have heard of yet',
    ),
  STANDBY_MAX_LAG_MS: integer({
    from: 100,
    to: 600_000,
    fallback: 1_000,
    what: 'a number of milliseconds',
  }).describe('A standby that is further behind is not read from while the primary answers'),
  EXPORT_STORE: exportStoreUrl().describe(
    'Where the files of exports are: file:///folder or s3://bucket/prefix; the same for all workers and status services',
  ),
  EXPORT_DOWNLOAD: choice(['redirect', 'stream'], 'redirect').describe(
    'Whether a client is sent on to a store that has addresses for that (s3), or loads the file from this service',
  ),
  STATUS_PORT: port(8081).describe('The port to listen on'),
  API_PUBLIC_URL: publicUrl().describe('Where clients reach the api service'),
  API_INTERNAL_URL: publicUrl()
    .optional()
    .describe('Where this service reaches the api service; API_PUBLIC_URL unless set'),
  STATUS_PUBLIC_URL: publicUrl().describe('Where clients reach this service'),
  SUCCESS_STATUS: choice(successStatuses, 'completed').describe(
    'The word for a completed job; "succeeded" serves clients that wait for that one',
  ),
  RATE_LIMIT_PER_MINUTE: limit(6_000).describe(
    'The most requests a minute with one API key, and from one address, in each process; 0 for no limit',
  ),
  MAX_HELD: limit(12_000).describe(
    'The most requests with Prefer: wait and event streams at a time; 0 for no limit',
  ),
  MAX_HELD_PER_KEY: limit(1_000).describe('The same with one API key'),
  MAX_HELD_PER_ADDRESS: limit(1_000).describe('The same from one address'),
  MAX_WAIT_SECONDS: integer({
    from: 1,
    to: 600,
    fallback: 60,
    what: 'a number of seconds',
  }).describe('The longest time that a request with Prefer: wait is held'),
  WATCH_INTERVAL_MS: integer({
    from: 10,
    to: 10_000,
    fallback: 100,
    what: 'a number of milliseconds',
  }).describe('The pause between looks at the jobs that clients wait for'),
  ...clientSettings,
});

export type Settings = z.infer<typeof schema>;

/**
 * The settings of the status service.
 *
 * @throws SettingsInvalid
 */
export function readSettings(environment: Environment): Settings {
  return parseSettings(schema, environment, { of: 'the status service', prefixes: ['STATUS_'] });
}

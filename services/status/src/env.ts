import { successStatuses } from '@kasabi/protocol';
import {
  choice,
  databasePoolSize,
  type Environment,
  logLevel,
  parseSettings,
  port,
  postgresUrl,
  publicUrl,
  shutdownTimeout,
  statementTimeout,
} from '@kasabi/service-kit';
import { z } from 'zod';

/** What each setting is, for the README and the tests. */
export const schema = z.object({
  DATABASE_URL: postgresUrl().describe('Postgres, with the login of the role kasabi_status'),
  STATUS_PORT: port(8081).describe('The port to listen on'),
  API_PUBLIC_URL: publicUrl().describe('Where clients reach the api service'),
  STATUS_PUBLIC_URL: publicUrl().describe('Where clients reach this service'),
  SUCCESS_STATUS: choice(successStatuses, 'completed').describe(
    'The word for a completed job; "succeeded" serves clients that wait for that one',
  ),
  DATABASE_POOL_SIZE: databasePoolSize().describe('Most Postgres connections of this process'),
  STATEMENT_TIMEOUT_MS: statementTimeout().describe('How long one statement may take'),
  LOG_LEVEL: logLevel().describe('How much is logged'),
  SHUTDOWN_TIMEOUT_MS: shutdownTimeout().describe('How long an orderly stop may take'),
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

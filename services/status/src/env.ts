import { successStatuses } from '@kasabi/protocol';
import {
  choice,
  databasePoolSize,
  type Environment,
  integer,
  limit,
  listenAddress,
  logLevel,
  maxConnections,
  maxConnectionsPerAddress,
  maxLag,
  maxQueued,
  metricsPort,
  otlpEndpoint,
  parseSettings,
  port,
  postgresUrl,
  publicUrl,
  serviceSecret,
  shutdownTimeout,
  statementTimeout,
  traceRatio,
  trustProxy,
} from '@kasabi/runtime';
import { z } from 'zod';

/** What each setting is, for the documentation and the tests. */
export const schema = z.object({
  DATABASE_URL: postgresUrl().describe('Postgres, with the login of the role kasabi_status'),
  STATUS_PORT: port(8081).describe('The port to listen on'),
  LISTEN_ADDRESS: listenAddress(),
  METRICS_PORT: metricsPort(),
  API_PUBLIC_URL: publicUrl().describe('Where clients reach the api service'),
  API_INTERNAL_URL: publicUrl()
    .optional()
    .describe('Where this service reaches the api service; API_PUBLIC_URL unless set'),
  STATUS_PUBLIC_URL: publicUrl().describe('Where clients reach this service'),
  SUCCESS_STATUS: choice(successStatuses, 'completed').describe(
    'The word for a completed job; "succeeded" serves clients that wait for that one',
  ),
  SERVICE_SECRET: serviceSecret().describe(
    'What the api and the status service know each other by: the same for both, 16 characters or more',
  ),
  DATABASE_POOL_SIZE: databasePoolSize(),
  STATEMENT_TIMEOUT_MS: statementTimeout(),
  MAX_LAG_MS: maxLag(),
  MAX_QUEUED: maxQueued(),
  RATE_LIMIT_PER_MINUTE: limit(6_000).describe(
    'Most requests a minute of one API key, and of one address, in each process; 0 for no limit',
  ),
  MAX_HELD: limit(12_000).describe(
    'Most requests with Prefer: wait and streams of events at a time; 0 for no limit',
  ),
  MAX_HELD_PER_KEY: limit(1_000).describe('The same of one API key'),
  MAX_HELD_PER_ADDRESS: limit(1_000).describe('The same of one address'),
  MAX_CONNECTIONS: maxConnections(),
  MAX_CONNECTIONS_PER_ADDRESS: maxConnectionsPerAddress(),
  MAX_WAIT_SECONDS: integer({
    from: 1,
    to: 600,
    fallback: 60,
    what: 'a number of seconds',
  }).describe('How long a request with Prefer: wait is held at most'),
  WATCH_INTERVAL_MS: integer({
    from: 10,
    to: 10_000,
    fallback: 100,
    what: 'a number of milliseconds',
  }).describe('The pause between looks at the jobs that clients wait for'),
  OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint(),
  OTEL_TRACES_SAMPLER_ARG: traceRatio(),
  TRUST_PROXY: trustProxy(),
  LOG_LEVEL: logLevel(),
  SHUTDOWN_TIMEOUT_MS: shutdownTimeout(),
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

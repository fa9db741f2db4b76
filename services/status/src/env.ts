import { successStatuses } from '@kasabi/protocol';
import {
  choice,
  databasePoolSize,
  type Environment,
  integer,
  limit,
  listenAddress,
  logLevel,
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
  METRICS_PORT: metricsPort().describe(
    "A port for /metrics alone; it is on the service's own port unless set",
  ),
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
  DATABASE_POOL_SIZE: databasePoolSize().describe('Most Postgres connections of this process'),
  STATEMENT_TIMEOUT_MS: statementTimeout().describe('How long one statement may take'),
  MAX_LAG_MS: maxLag().describe('Requests are turned away while the event loop is later than this'),
  MAX_QUEUED: maxQueued().describe(
    'Requests are turned away while more than this many wait for the database',
  ),
  RATE_LIMIT_PER_MINUTE: limit(6_000).describe(
    'Most requests a minute of one API key, and of one address, in each process; 0 for no limit',
  ),
  MAX_HELD: limit(12_000).describe(
    'Most requests with Prefer: wait and streams of events at a time; 0 for no limit',
  ),
  MAX_HELD_PER_KEY: limit(1_000).describe('The same of one API key'),
  MAX_HELD_PER_ADDRESS: limit(1_000).describe('The same of one address'),
  MAX_CONNECTIONS: limit(20_000).describe('Most connections at a time; 0 for no limit'),
  MAX_CONNECTIONS_PER_ADDRESS: limit(2_000).describe(
    'The same of one address; no limit with TRUST_PROXY, where all come from the proxy',
  ),
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
  OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint().describe(
    'Where traces go: an OTLP/HTTP collector, without /v1/traces; nothing is traced unless set',
  ),
  OTEL_TRACES_SAMPLER_ARG: traceRatio().describe(
    'The share of requests that are traced, from 0 to 1; the same for all services',
  ),
  TRUST_PROXY: trustProxy().describe(
    'How many proxies stand in front: so many addresses of X-Forwarded-For are believed',
  ),
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

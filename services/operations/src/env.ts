import {
  databasePoolSize,
  type Environment,
  integer,
  limit,
  listenAddress,
  logLevel,
  metricsPort,
  operatorPassword,
  otlpEndpoint,
  parseSettings,
  port,
  postgresUrl,
  publicUrl,
  redisUrl,
  shutdownTimeout,
  statementTimeout,
  traceRatio,
  trustProxy,
} from '@kasabi/runtime';
import { z } from 'zod';

/** What each setting is, for the documentation and the tests. */
export const schema = z.object({
  DATABASE_URL: postgresUrl().describe('Postgres, with the login of the role kasabi_operations'),
  REDIS_URL: redisUrl()
    .optional()
    .describe(
      'Redis, for the view of the queue, and so that a sign-out reaches all processes at once',
    ),
  OPERATIONS_PORT: port(8083).describe('The port to listen on'),
  LISTEN_ADDRESS: listenAddress()
    .default('127.0.0.1')
    .describe(
      "The address to listen on, for METRICS_PORT as well; :: or 0.0.0.0 for all of the host's",
    ),
  METRICS_PORT: metricsPort().describe(
    "A port for /metrics alone; it is on the service's own port unless set",
  ),
  OPERATIONS_PUBLIC_URL: publicUrl()
    .default('http://127.0.0.1:8083')
    .describe('Where operators reach this service'),
  OPERATOR_PASSWORD: operatorPassword().describe('Opens the operations page'),
  SAMPLE_INTERVAL_MS: integer({
    from: 100,
    to: 60_000,
    fallback: 10_000,
    what: 'a number of milliseconds',
  }).describe('The pause between readings of the whole system for /metrics'),
  MAX_CONNECTIONS: limit(20_000).describe('Most connections at a time; 0 for no limit'),
  MAX_CONNECTIONS_PER_ADDRESS: limit(2_000).describe(
    'The same of one address; no limit with TRUST_PROXY, where all come from the proxy',
  ),
  TRUST_PROXY: trustProxy().describe(
    'How many proxies stand in front: so many addresses of X-Forwarded-For are believed',
  ),
  DATABASE_POOL_SIZE: databasePoolSize().describe('Most Postgres connections of this process'),
  STATEMENT_TIMEOUT_MS: statementTimeout().describe('How long one statement may take'),
  OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint().describe(
    'Where traces go: an OTLP/HTTP collector, without /v1/traces; nothing is traced unless set',
  ),
  OTEL_TRACES_SAMPLER_ARG: traceRatio().describe(
    'The share of requests that are traced, from 0 to 1; the same for all services',
  ),
  LOG_LEVEL: logLevel().describe('How much is logged'),
  SHUTDOWN_TIMEOUT_MS: shutdownTimeout().describe('How long an orderly stop may take'),
});

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

import {
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
  redisUrl,
  serviceSecret,
  shutdownTimeout,
  statementTimeout,
  traceRatio,
  trustProxy,
} from '@kasabi/runtime';
import { z } from 'zod';

/** What each setting is, for the documentation and the tests. */
export const schema = z.object({
  DATABASE_URL: postgresUrl().describe('Postgres, with the login of the role kasabi_api'),
  REDIS_URL: redisUrl().describe('Redis, where due jobs are delivered from'),
  API_PORT: port(8080).describe('The port to listen on'),
  LISTEN_ADDRESS: listenAddress(),
  METRICS_PORT: metricsPort().describe(
    "A port for /metrics alone; it is on the service's own port unless set",
  ),
  API_PUBLIC_URL: publicUrl().describe('Where clients reach this service'),
  STATUS_PUBLIC_URL: publicUrl().describe('Where clients reach the status service'),
  MAX_SCHEDULE_DAYS: integer({ from: 1, to: 36_500, fallback: 366 }).describe(
    'How many days ahead a startTime may lie',
  ),
  MAX_OPEN_JOBS_PER_DATASET: limit(1_000).describe(
    'Most unfinished jobs of a dataset; 0 for no limit',
  ),
  RATE_LIMIT_PER_MINUTE: limit(600).describe(
    'Most requests a minute of one API key, and of one address; 0 for no limit',
  ),
  MAX_CONNECTIONS: limit(20_000).describe('Most connections at a time; 0 for no limit'),
  MAX_CONNECTIONS_PER_ADDRESS: limit(2_000).describe(
    'The same of one address; no limit with TRUST_PROXY, where all come from the proxy',
  ),
  TRUST_PROXY: trustProxy().describe(
    'How many proxies stand in front: so many addresses of X-Forwarded-For are believed',
  ),
  SERVICE_SECRET: serviceSecret().describe(
    'What the api and the status service know each other by: the same for both, 16 characters or more',
  ),
  MAX_LAG_MS: maxLag().describe('Requests are turned away while the event loop is later than this'),
  MAX_QUEUED: maxQueued().describe(
    'Requests are turned away while more than this many wait for the database',
  ),
  QUEUE_HORIZON_MS: integer({ from: 60_000, to: 2_592_000_000, fallback: 3_600_000 }).describe(
    'Jobs due later than this many milliseconds from now stay out of Redis until near',
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
 * The settings of the api service.
 *
 * @throws SettingsInvalid
 */
export function readSettings(environment: Environment): Settings {
  return parseSettings(schema, environment, { of: 'the api service', prefixes: ['API_'] });
}

// The settings that mean the same in several services, with their descriptions.
import { z } from 'zod';
import { parseRedisUrl } from './redis-url.ts';
import { asSecret } from './secret-files.ts';
import {
  choice,
  integer,
  limit,
  listenAddress,
  pemFile,
  serviceSecret,
  url,
  wholeNumber,
} from './setting-kinds.ts';

const milliseconds = 'a number of milliseconds';

/** The settings of every service. */
export const processSettings = {
  LISTEN_ADDRESS: listenAddress(),
  // By default the metrics are on the service's own port, as in other software. With a port of their own, they need no
  // rule in a proxy to be kept from the outside.
  METRICS_PORT: wholeNumber({ from: 0, to: 65_535, what: 'a port number' })
    .optional()
    .describe("A port for /metrics alone; it is on the service's own port unless set"),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(['http', 'https'])
    .transform((value) => value.replace(/\/+$/, ''))
    .optional()
    .describe(
      'Where traces go: an OTLP/HTTP collector, without /v1/traces; nothing is traced unless set',
    ),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0|1|0?\.\d+|1\.0+)$/, { error: 'must be a number from 0 to 1, such as 0.1' })
    .default('1')
    .transform(Number)
    .describe('The share of requests that are traced, from 0 to 1; the same for all services'),
  LOG_LEVEL: choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'info').describe(
    'How much is logged',
  ),
  SHUTDOWN_TIMEOUT_MS: integer({
    from: 0,
    to: 600_000,
    fallback: 10_000,
    what: milliseconds,
  }).describe('How long an orderly stop may take'),
  DATABASE_POOL_SIZE: integer({
    from: 1,
    to: 1_000,
    fallback: 10,
    what: 'a number of connections',
  }).describe('The most Postgres connections of this process'),
};

/** The settings of services that answer people and other programs. */
export const httpSettings = {
  ...processSettings,
  STATEMENT_TIMEOUT_MS: integer({
    from: 100,
    to: 600_000,
    fallback: 10_000,
    what: milliseconds,
  }).describe('How long one statement may take'),
  DRAIN_MS: integer({ from: 0, to: 60_000, fallback: 1_000, what: milliseconds }).describe(
    'How long, at a stop, open connections are still answered, once each; at most a quarter of SHUTDOWN_TIMEOUT_MS',
  ),
  MAX_CONNECTIONS: limit(20_000).describe('The most connections at a time; 0 for no limit'),
  MAX_CONNECTIONS_PER_ADDRESS: limit(2_000).describe(
    'The same from one address; no limit with TRUST_PROXY, where all come from the proxy',
  ),
  TRUST_PROXY: integer({ from: 0, to: 10, fallback: 0, what: 'a number of proxies' }).describe(
    'How many proxies are in front: that many addresses of X-Forwarded-For are trusted',
  ),
};

/** The settings of services that answer clients. */
export const clientSettings = {
  ...httpSettings,
  SERVICE_SECRET: serviceSecret().describe(
    'The secret by which the api and the status service recognize each other: the same for both, 16 characters or more',
  ),
  MAX_LAG_MS: integer({ from: 10, to: 60_000, fallback: 250, what: milliseconds }).describe(
    'Requests are refused while the event loop is later than this',
  ),
  MAX_QUEUED: integer({ from: 1, to: 1_000_000, fallback: 5_000 }).describe(
    'Requests are refused while more than this many wait for the database',
  ),
};

/** How a Redis is reached, besides its URL; `checkRedis` holds them against it. */
export const redisSettings = {
  REDIS_CA_FILE: pemFile()
    .optional()
    .describe("The certificates that Redis's is checked with; those of Node.js unless set"),
  REDIS_CERT_FILE: pemFile()
    .optional()
    .describe('The certificate that this process shows to Redis, with REDIS_KEY_FILE'),
  REDIS_KEY_FILE: pemFile().optional().describe('The private key of REDIS_CERT_FILE'),
  REDIS_SENTINEL_USERNAME: z
    .string()
    .optional()
    .describe('The user at the sentinels; the default one unless set'),
  REDIS_SENTINEL_PASSWORD: asSecret(z.string())
    .optional()
    .describe('The password at the sentinels; the one in REDIS_URL is for the servers'),
};

type RedisSetting = keyof typeof redisSettings;

/** For a schema's `superRefine`: the settings of Redis that do not go together. */
export function checkRedis(
  settings: { readonly [name in 'REDIS_URL' | RedisSetting]?: string | undefined },
  context: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void },
): void {
  const refuse = (name: RedisSetting, message: string): void =>
    context.addIssue({ code: 'custom', path: [name], message });
  if (settings.REDIS_URL === undefined) return;
  const { tls, servers } = parseRedisUrl(settings.REDIS_URL);
  for (const name of ['REDIS_CA_FILE', 'REDIS_CERT_FILE', 'REDIS_KEY_FILE'] as const) {
    if (!tls && settings[name] !== undefined) {
      refuse(name, 'needs TLS: begin REDIS_URL with rediss instead of redis');
    }
  }
  if ((settings.REDIS_CERT_FILE === undefined) !== (settings.REDIS_KEY_FILE === undefined)) {
    const missing = settings.REDIS_KEY_FILE === undefined ? 'REDIS_KEY_FILE' : 'REDIS_CERT_FILE';
    refuse(missing, 'must be set as well: a certificate is of no use without its key');
  }
  if (settings.REDIS_SENTINEL_USERNAME !== undefined && !settings.REDIS_SENTINEL_PASSWORD) {
    refuse(
      'REDIS_SENTINEL_PASSWORD',
      'must be set as well: a user without a password cannot log in',
    );
  }
  if (settings.REDIS_SENTINEL_PASSWORD !== undefined && servers.kind !== 'sentinel') {
    refuse('REDIS_SENTINEL_PASSWORD', 'is for sentinels: begin REDIS_URL with redis+sentinel://');
  }
}

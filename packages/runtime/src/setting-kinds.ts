// The kinds of settings that more than one process has, for the schemas of `parseSettings`. Those that mean the same
// in each bring their description along.
import { isIP } from 'node:net';
import { z } from 'zod';

/** A TCP port to listen on; 0 lets the system choose. */
export const port = (fallback: number) =>
  integer({ from: 0, to: 65_535, fallback, what: 'a port number' });

/** The address to listen on; unset for all of the host's. */
export const listenAddress = () =>
  z
    .string()
    .refine((value) => isIP(value) !== 0, {
      error: 'must be an IP address, such as 127.0.0.1 or ::1',
    })
    .optional()
    .describe("The address to listen on, for METRICS_PORT as well; all of the host's unless set");

/** A whole number within bounds. */
export function integer(options: {
  readonly from: number;
  readonly to: number;
  readonly fallback: number;
  /** What the number is, with its unit: `a number of milliseconds`. */
  readonly what?: string;
}) {
  const message = `must be ${options.what ?? 'a whole number'} from ${options.from} to ${options.to}`;
  return z
    .string()
    .regex(/^\d+$/, { error: message })
    .transform(Number)
    .refine((value) => value >= options.from && value <= options.to, { error: message })
    .default(options.fallback);
}

/** A URL of one of these schemes. The message never repeats the value: it may hold a password. */
export function url(schemes: readonly string[]) {
  const message = `must be a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  return z
    .string({ error: message })
    .refine(
      (value) => URL.canParse(value) && schemes.some((scheme) => value.startsWith(`${scheme}://`)),
      { error: message },
    );
}

/** The Postgres to use: required, without a default, since it holds a secret. */
export const postgresUrl = () => url(['postgresql', 'postgres']);

/** The Redis to use: required, without a default, since it holds a secret. */
export const redisUrl = () => url(['redis', 'rediss']);

/**
 * The address clients reach a service under, without a trailing slash. Paths are added to it, so that it
 * has neither query nor fragment, and it is sent in headers, so that it comes in ASCII.
 */
export const publicUrl = () =>
  url(['http', 'https'])
    .refine((value) => !/[?#@\s]/.test(value), {
      error: 'must be no more than scheme, host, port and path, such as https://api.example.org',
    })
    .transform((value) => new URL(value).href.replace(/\/+$/, ''));

/** One of a few words. */
export function choice<const Words extends readonly [string, ...string[]]>(
  words: Words,
  fallback: NoInfer<Words[number]>,
) {
  return z.enum(words, { error: `must be one of ${words.join(', ')}` }).default(fallback as never);
}

/**
 * The port for `GET /metrics`. As in other services with a management port, it is the service's own one
 * unless set: with one of its own, no rule of a proxy stands between the metrics and the world.
 */
export const metricsPort = () =>
  z
    .string()
    .regex(/^\d+$/, { error: 'must be a port number from 0 to 65535' })
    .transform(Number)
    .refine((value) => value <= 65_535, { error: 'must be a port number from 0 to 65535' })
    .optional()
    .describe("A port for /metrics alone; it is on the service's own port unless set");

/** Where traces go: an OTLP/HTTP collector's address, without a trailing slash. */
export const otlpEndpoint = () =>
  url(['http', 'https'])
    .transform((value) => value.replace(/\/+$/, ''))
    .optional()
    .describe(
      'Where traces go: an OTLP/HTTP collector, without /v1/traces; nothing is traced unless set',
    );

/** The share of requests that are traced. */
export const traceRatio = () =>
  z
    .string()
    .regex(/^(0|1|0?\.\d+|1\.0+)$/, { error: 'must be a number from 0 to 1, such as 0.1' })
    .default('1')
    .transform(Number)
    .describe('The share of requests that are traced, from 0 to 1; the same for all services');

/** How much is logged. */
export const logLevel = () =>
  choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'info').describe(
    'How much is logged',
  );

/** How long an orderly stop may take, in milliseconds, before the process ends anyway. */
export const shutdownTimeout = () =>
  integer({ from: 0, to: 600_000, fallback: 10_000, what: 'a number of milliseconds' }).describe(
    'How long an orderly stop may take',
  );

/** Most Postgres connections of a process. */
export const databasePoolSize = () =>
  integer({ from: 1, to: 1_000, fallback: 10, what: 'a number of connections' }).describe(
    'Most Postgres connections of this process',
  );

/** How long a statement of a request may take, in milliseconds, before Postgres cancels it. */
export const statementTimeout = () =>
  integer({ from: 100, to: 600_000, fallback: 10_000, what: 'a number of milliseconds' }).describe(
    'How long one statement may take',
  );

/** How late the event loop may be, in milliseconds, before requests are turned away. */
export const maxLag = () =>
  integer({ from: 10, to: 60_000, fallback: 250, what: 'a number of milliseconds' }).describe(
    'Requests are turned away while the event loop is later than this',
  );

/** How many requests may wait for the database before further ones are turned away. */
export const maxQueued = () =>
  integer({ from: 1, to: 1_000_000, fallback: 5_000 }).describe(
    'Requests are turned away while more than this many wait for the database',
  );

/** A limit; 0 is none. */
export const limit = (fallback: number) => integer({ from: 0, to: 1_000_000, fallback });

/** How many proxies stand in front of a service. */
export const trustProxy = () =>
  integer({ from: 0, to: 10, fallback: 0, what: 'a number of proxies' }).describe(
    'How many proxies stand in front: so many addresses of X-Forwarded-For are believed',
  );

/** Most connections of a process; 0 is no limit. */
export const maxConnections = () =>
  limit(20_000).describe('Most connections at a time; 0 for no limit');

/** Most connections of one address; 0 is no limit. */
export const maxConnectionsPerAddress = () =>
  limit(2_000).describe(
    'The same of one address; no limit with TRUST_PROXY, where all come from the proxy',
  );

/** What the services know each other by. */
export const serviceSecret = () =>
  z
    .string()
    .regex(/^[\x21-\x7e]{16,200}$/, {
      error: 'must be 16 to 200 printable ASCII characters without spaces',
    })
    .optional();

/** The operators' password: required, without a default, since it is a secret. */
export const operatorPassword = () => {
  const error = 'must be 12 to 200 printable ASCII characters without spaces';
  return z.string({ error }).regex(/^[\x21-\x7e]{12,200}$/, { error });
};

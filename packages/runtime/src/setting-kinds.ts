// Kinds of settings that several processes have, for the schemas of `parseSettings`.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { ConnectionUrlInvalid, parseConnectionUrl } from '@kasabi/postgres';
import { z } from 'zod';
import { parseRedisUrl, RedisUrlInvalid, redisUrlForms } from './redis-url.ts';
import { asSecret } from './secret-files.ts';

/** A TCP port to listen on; with 0, the system chooses one. */
export const port = (fallback: number) =>
  integer({ from: 0, to: 65_535, fallback, what: 'a port number' });

/** The address to listen on; unset for all addresses of the host. */
export const listenAddress = () =>
  z
    .string()
    .refine((value) => isIP(value) !== 0, {
      error: 'must be an IP address, such as 127.0.0.1 or ::1',
    })
    .optional()
    .describe("The address to listen on, also for METRICS_PORT; all of the host's unless set");

/** A whole number within bounds. */
export function wholeNumber(options: {
  readonly from: number;
  readonly to: number;
  /** What the number is, with its unit: `a number of milliseconds`. */
  readonly what?: string;
}) {
  const message = `must be ${options.what ?? 'a whole number'} from ${options.from} to ${options.to}`;
  return z
    .string()
    .regex(/^\d+$/, { error: message })
    .transform(Number)
    .refine((value) => value >= options.from && value <= options.to, { error: message });
}

/** The same with a default. */
export const integer = ({
  fallback,
  ...options
}: Parameters<typeof wholeNumber>[0] & { readonly fallback: number }) =>
  wholeNumber(options).default(fallback);

/** A URL with one of these schemes. The message never repeats the value, which may contain a password. */
export function url(schemes: readonly string[]) {
  const message = `must be a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  return z
    .string({ error: message })
    .refine(
      (value) => URL.canParse(value) && schemes.some((scheme) => value.startsWith(`${scheme}://`)),
      { error: message },
    );
}

/** The Postgres to use, by one host or several. It has no default because it contains a secret. */
export const postgresUrl = () =>
  asSecret(
    z
      .string({ error: 'must be a URL that begins with postgresql:// or postgres://' })
      .superRefine((value, { addIssue }) => {
        try {
          parseConnectionUrl(value);
        } catch (error) {
          if (!(error instanceof ConnectionUrlInvalid)) throw error;
          addIssue(error.message);
        }
      }),
  );

/** The Redis to use; see `parseRedisUrl`. It has no default because it contains a secret. */
export const redisUrl = () =>
  asSecret(
    z.string({ error: `must be ${redisUrlForms}` }).superRefine((value, context) => {
      try {
        parseRedisUrl(value);
      } catch (error) {
        if (!(error instanceof RedisUrlInvalid)) throw error;
        context.addIssue(error.message);
      }
    }),
  );

/** A file with a certificate or a key; read at the start, and parsed to its text. */
export const pemFile = () =>
  z.string().transform((file, context) => {
    let text = '';
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      // Said below.
    }
    if (!text.includes('-----BEGIN ')) {
      context.addIssue('must name a file in PEM format that this process can read');
    }
    return text;
  });

/**
 * The address at which clients reach a service, without a trailing slash. It has no query and no fragment, because
 * paths are appended to it, and it is in ASCII, because it is sent in headers.
 */
export const publicUrl = () =>
  url(['http', 'https'])
    .refine((value) => !/[?#@\s]/.test(value), {
      error: 'must be only scheme, host, port and path, such as https://api.example.org',
    })
    .transform((value) => new URL(value).href.replace(/\/+$/, ''));

/** One of a few words. */
export function choice<const Words extends readonly [string, ...string[]]>(
  words: Words,
  fallback: NoInfer<Words[number]>,
) {
  return z.enum(words, { error: `must be one of ${words.join(', ')}` }).default(fallback as never);
}

/** A limit; 0 means no limit. */
export const limit = (fallback: number) => integer({ from: 0, to: 1_000_000, fallback });

/** The secret by which services recognize each other. */
export const serviceSecret = () =>
  asSecret(
    z.string().regex(/^[\x21-\x7e]{16,200}$/, {
      error: 'must be 16 to 200 printable ASCII characters without spaces',
    }),
  ).optional();

/** The operators' password. It has no default because it is a secret. */
export const operatorPassword = () => {
  const error = 'must be 12 to 200 printable ASCII characters without spaces';
  return asSecret(z.string({ error }).regex(/^[\x21-\x7e]{12,200}$/, { error }));
};

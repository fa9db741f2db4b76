import { isIP } from 'node:net';
import { suggest } from './suggest.ts';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The Redis that a URL names, and how to log in. */
export interface RedisPlace {
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  /** The logical database. */
  readonly db: number;
  readonly servers:
    | { readonly kind: 'single'; readonly address: Address }
    | {
        readonly kind: 'sentinel';
        readonly sentinels: readonly Address[];
        readonly master: string;
      }
    | { readonly kind: 'cluster'; readonly nodes: readonly Address[] };
}

/** A text is not the URL of a Redis. The message is what comes after the setting's name, and never repeats the text. */
export class RedisUrlInvalid extends Error {
  readonly code = 'redis-url-invalid';
}

const kinds = ['redis', 'redis+sentinel', 'redis+cluster'] as const;
const schemes = kinds.flatMap((kind) => [kind, kind.replace('redis', 'rediss')]);

/** What people write who know the scheme from elsewhere. */
const elsewhere: Readonly<Record<string, string>> = {
  sentinel: 'redis+sentinel',
  sentinels: 'rediss+sentinel',
  cluster: 'redis+cluster',
  valkey: 'redis',
  valkeys: 'rediss',
};

/** The three forms, for messages. */
export const redisUrlForms =
  'a URL such as redis://host:6379, redis+sentinel://host:26379/mymaster or redis+cluster://host:6379, with rediss for TLS';

/**
 * Reads the URL of a Redis: `redis://user:password@host:6379/0`, `redis+sentinel://user:password@h1:26379,h2/mymaster/0`
 * or `redis+cluster://h1:6379,h2`; with `rediss` for TLS.
 *
 * @throws RedisUrlInvalid
 */
export function parseRedisUrl(text: string): RedisPlace {
  const [, scheme = '', rest] = /^([\w+.-]*):\/\/(.*)$/s.exec(text) ?? [];
  if (rest === undefined) throw new RedisUrlInvalid(`must be ${redisUrlForms}`);
  const kind = kinds.find((it) => it === scheme.replace(/^rediss/, 'redis'));
  if (kind === undefined) throw new RedisUrlInvalid(notAScheme(scheme));
  // What comes before the last @ is the login, because passwords contain anything.
  const at = rest.lastIndexOf('@');
  const where = rest.slice(at + 1);
  if (/[?#]/.test(where)) {
    throw new RedisUrlInvalid('must have no ? and no #: other options are settings of their own');
  }
  const [hosts = '', ...path] = where.split('/');
  const addresses = hosts
    .split(',')
    .map((host) => addressOf(host, kind === 'redis+sentinel' ? 26_379 : 6_379));
  const place = { tls: scheme.startsWith('rediss'), ...(at >= 0 && loginOf(rest.slice(0, at))) };
  const [first = addressOf('', 0)] = addresses;
  switch (kind) {
    case 'redis':
      if (addresses.length > 1) {
        throw new RedisUrlInvalid(
          'names several hosts; begin it with redis+sentinel:// or redis+cluster://',
        );
      }
      return { ...place, db: databaseOf(path), servers: { kind: 'single', address: first } };
    case 'redis+sentinel': {
      const [master, ...database] = path;
      if (master === undefined || !/^[\w.-]+$/.test(master)) {
        throw new RedisUrlInvalid(
          "must end in the master's name, as the sentinels know it: redis+sentinel://host:26379/mymaster",
        );
      }
      const servers = { kind: 'sentinel', sentinels: addresses, master } as const;
      return { ...place, db: databaseOf(database), servers };
    }
    case 'redis+cluster':
      if (databaseOf(path) !== 0) {
        throw new RedisUrlInvalid('names a database, and a cluster has number 0 only');
      }
      return { ...place, db: 0, servers: { kind: 'cluster', nodes: addresses } };
  }
}

function notAScheme(scheme: string): string {
  const meant = elsewhere[scheme.toLowerCase()] ?? suggest(scheme, schemes);
  const known = schemes.map((it) => `${it}://`).join(', ');
  return `must begin with one of ${known}${meant === undefined ? '' : `; did you mean ${meant}://?`}`;
}

function addressOf(text: string, fallback: number): Address {
  const [, v6, name, digits] = /^(?:\[(.+)\]|([\w.-]+))(?::(\d+))?$/.exec(text) ?? [];
  const host = v6 ?? name;
  const port = Number(digits ?? fallback);
  if (host === undefined || (v6 !== undefined && isIP(v6) !== 6)) {
    throw new RedisUrlInvalid('names something that is not host:port, separated by commas');
  }
  if (port < 1 || port > 65_535) {
    throw new RedisUrlInvalid('names a port that is not from 1 to 65535');
  }
  return { host, port };
}

function databaseOf(path: readonly string[]): number {
  const [digits = '', ...more] = path;
  if (!/^\d{0,6}$/.test(digits) || more.length > 0) {
    throw new RedisUrlInvalid('must end in the number of a database, or in the last host');
  }
  return Number(digits);
}

function loginOf(text: string): { readonly username?: string; readonly password: string } {
  const colon = text.indexOf(':');
  if (colon < 0 || colon === text.length - 1) {
    throw new RedisUrlInvalid('has a login without a password: write user:password@');
  }
  try {
    const [username, password] = [text.slice(0, colon), text.slice(colon + 1)].map(
      decodeURIComponent,
    ) as [string, string];
    return { ...(username !== '' && { username }), password };
  } catch {
    throw new RedisUrlInvalid('has a % in its login that begins no escape: write %25 for it');
  }
}

/** What a session is wanted for, in libpq's words (PostgreSQL manual, section 34.1.2, target_session_attrs). */
export const sessionTargets = [
  'any',
  'read-write',
  'read-only',
  'primary',
  'standby',
  'prefer-standby',
] as const;

/** `prefer-primary` is for programs that show a standby where there is no primary; libpq has no such word. */
export type SessionTarget = (typeof sessionTargets)[number] | 'prefer-primary';

/** One of the servers that a connection URL names. */
export interface HostAddress {
  /** A name, an address (IPv6 without brackets), or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

/** What this project reads of a connection URL; the rest is for node-postgres. */
export interface ConnectionUrl {
  readonly hosts: readonly [HostAddress, ...HostAddress[]];
  /** Undefined unless the URL asks for one. */
  readonly target: SessionTarget | undefined;
  /** Whether it leads to a pooler in transaction mode, as `?pooler=transaction` says. */
  readonly isPooled: boolean;
}

/** A connection URL cannot be used. The message never repeats the URL, which may contain a password. */
export class ConnectionUrlInvalid extends Error {
  readonly code = 'connection-url-invalid';
}

const defaultPort = 5432;

interface Parts {
  readonly scheme: string;
  /** `user:password@`, or empty. */
  readonly login: string;
  readonly hosts: string;
  /** `/database`, or empty. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Splits by hand: `URL` knows no lists of hosts. */
function split(url: string): Parts {
  const match = /^(postgres(?:ql)?:\/\/)([^/?#]*@)?([^/?#@]*)(\/[^?#]*)?(?:\?([^#]*))?$/.exec(url);
  if (match === null) {
    throw new ConnectionUrlInvalid(
      'must be a URL such as postgresql://user:password@host:5432/database, with several hosts as host1:5432,host2:5432',
    );
  }
  const [, scheme = '', login = '', hosts = '', path = '', query = ''] = match;
  // URLSearchParams reads + as a space, which node-postgres does, too.
  return { scheme, login, hosts, path, query: new URLSearchParams(query) };
}

const join = ({ scheme, login, hosts, path, query }: Parts): string =>
  `${scheme}${login}${hosts}${path}${query.size === 0 ? '' : `?${query}`}`;

/**
 * Reads the hosts and the target of a connection URL. Hosts are listed as in libpq: `h1:5432,h2:5433`, or as
 * `?host=h1,h2&port=5432,5433`; a host without a port has 5432.
 *
 * @throws ConnectionUrlInvalid
 */
export function parseConnectionUrl(url: string): ConnectionUrl {
  const parts = split(url);
  const hosts = hostsOf(parts);
  if (!URL.canParse(urlOf(url, hosts[0]))) {
    throw new ConnectionUrlInvalid(
      'has a user, a password or a database with characters that have to be percent-encoded',
    );
  }
  return { hosts, target: targetOf(parts.query), isPooled: isPooled(parts.query) };
}

function targetOf(query: URLSearchParams): SessionTarget | undefined {
  const asked = query.get('target_session_attrs');
  if (asked === null) return undefined;
  const target = sessionTargets.find((it) => it === asked);
  if (target !== undefined) return target;
  throw new ConnectionUrlInvalid(
    `has another target_session_attrs than ${sessionTargets.join(', ')}`,
  );
}

function isPooled(query: URLSearchParams): boolean {
  const mode = query.get('pooler');
  if (mode === null || mode === 'transaction') return mode !== null;
  throw new ConnectionUrlInvalid('has another pooler than transaction');
}

function hostsOf({ hosts, query }: Parts): [HostAddress, ...HostAddress[]] {
  const listed = query.get('host');
  const names = listed === null || listed === '' ? hosts : listed;
  const ports = query.get('port')?.split(',') ?? [];
  const items = names === '' ? ['localhost'] : names.split(',');
  if (ports.length > 1 && ports.length !== items.length) {
    throw new ConnectionUrlInvalid(`has ${items.length} hosts and ${ports.length} ports`);
  }
  const addresses = items.map((item, index): HostAddress => {
    const [, six, name = '', port] = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d*))?$/.exec(item) ?? [];
    const host = six ?? decodeURIComponent(name);
    if (host === '') {
      throw new ConnectionUrlInvalid(
        `has no valid host ${index + 1} of ${items.length}: hosts are listed as host1:5432,host2:5432, IPv6 addresses in brackets`,
      );
    }
    return { host, port: portOf(port || ports[index] || ports[0]) };
  });
  return addresses as [HostAddress, ...HostAddress[]];
}

function portOf(text: string | undefined): number {
  if (text === undefined || text === '') return defaultPort;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new ConnectionUrlInvalid('has a port that is not a number from 1 to 65535');
}

/** The same URL with this host alone, for node-postgres, which knows only one. */
export function urlOf(url: string, { host, port }: HostAddress): string {
  const parts = split(url);
  const query = new URLSearchParams(parts.query);
  for (const name of ['host', 'port', 'target_session_attrs', 'pooler']) query.delete(name);
  // node-postgres reads an encoded folder as that of a Unix socket.
  const name = host.includes(':') ? `[${host}]` : encodeURIComponent(host);
  return join({ ...parts, hosts: `${name}:${port}`, query });
}

/** The same URL with other `options` of the server. */
export function withOptions(url: string, change: (options: string) => string): string {
  const parts = split(url);
  const query = new URLSearchParams(parts.query);
  query.set('options', change(query.get('options') ?? '').trim());
  return join({ ...parts, query });
}

import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import { isSecret } from './service-secret.ts';

declare module 'node:http' {
  interface IncomingMessage {
    /** The client's address, as far as it can be trusted, in the form of `readAddress`; or `unknown`. */
    address: string;
    /** Whether another service of this system sent the request, and has proved that. */
    fromService: boolean;
  }
}

/** The headers by which a service proves what it is to another one, and says whose request it forwards. */
export const serviceHeaders = {
  secret: 'X-Kasabi-Service-Secret',
  clientAddress: 'X-Kasabi-Client-Address',
} as const;

export interface TrustOptions {
  /** How many addresses of X-Forwarded-For are trusted, from its end. */
  readonly trustProxy: number;
  /** The secret that proves that another service sent a request; if unset, none can. */
  readonly serviceSecret: string | undefined;
}

/**
 * Creates the function that sets a request's `address` and `fromService`. Only this reads X-Forwarded-For: limits,
 * sign-in, log and audit all use its result.
 *
 * In X-Forwarded-For, the entries that trusted proxies added are read from the end, up to the first that is not an
 * address; the last one read counts. Another service says whose request it forwards in a header of its own, which a
 * proxy between the two does not change.
 */
export function createAddressReader(options: TrustOptions): (request: IncomingMessage) => void {
  const { trustProxy, serviceSecret } = options;
  const secretName = serviceHeaders.secret.toLowerCase();
  const addressName = serviceHeaders.clientAddress.toLowerCase();
  const proves = serviceSecret === undefined ? () => false : isSecret(serviceSecret);

  return (request) => {
    request.address = readAddress(request.socket.remoteAddress ?? '') ?? 'unknown';
    const secret = request.headers[secretName];
    request.fromService = typeof secret === 'string' && proves(secret);
    const told = request.headers[addressName];
    const client = request.fromService && typeof told === 'string' ? readAddress(told) : undefined;
    if (client !== undefined) request.address = client;
    else if (trustProxy > 0) request.address = forwardedFor(request, trustProxy) ?? request.address;
  };
}

function forwardedFor(request: IncomingMessage, trustProxy: number): string | undefined {
  const header = request.headers['x-forwarded-for'];
  if (typeof header !== 'string') return undefined;
  const entries = header.split(',').filter((entry) => entry.trim() !== '');
  let nearest: string | undefined;
  for (const entry of entries.reverse().slice(0, trustProxy)) {
    const address = readAddress(entry);
    if (address === undefined) break;
    nearest = address;
  }
  return nearest;
}

/** `203.0.113.8:4711`, also in quotes as in RFC 7239. */
const withPort = /^"?((?:\d{1,3}\.){3}\d{1,3})(?::\d{1,5})?"?$/;
/** `[2001:db8::1]:4711`, with or without port, brackets and quotes. */
const inBrackets = /^"?(?:\[([^\]]*)\](?::\d{1,5})?|([^[\]"]*))"?$/;

/**
 * An address in the form that is used in logs and for counting, whatever form a socket or a proxy used: without port,
 * brackets and zone, IPv6 as in RFC 5952, IPv4 in its own form even if it came as IPv6. Undefined if the text is not an
 * address.
 */
export function readAddress(text: string): string | undefined {
  // The form of an IPv4 address on a socket that serves both versions.
  if (text.startsWith('::ffff:') && isIPv4(text.slice(7))) return text.slice(7);
  const trimmed = text.trim();
  const [, four] = withPort.exec(trimmed) ?? [];
  if (four !== undefined) return isIPv4(four) ? four : undefined;
  const [, bracketed, bare] = inBrackets.exec(trimmed) ?? [];
  const [six = ''] = (bracketed ?? bare ?? '').split('%');
  if (!isIPv6(six)) return undefined;
  const canonical = new URL(`http://[${six}]`).hostname.slice(1, -1);
  const [, high, low] = /^(?:::ffff|64:ff9b:):([\da-f]{1,4}):([\da-f]{1,4})$/.exec(canonical) ?? [];
  if (high === undefined || low === undefined) return canonical;
  const bits = Number.parseInt(high, 16) * 65_536 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => Math.floor(bits / 2 ** shift) % 256).join('.');
}

/**
 * What an address is counted as: for IPv6 its first 64 bits, because a single host usually has all addresses that begin
 * with them. Takes the result of `readAddress`.
 */
export function subjectOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

import type { HostAddress, SessionTarget } from './connection-url.ts';
import { HostUnsuitable, sicknessOf } from './errors.ts';
import type { SickName } from './states.ts';

/** What a server says of itself: `in_hot_standby` and `default_transaction_read_only`. */
export interface ServerRole {
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
}

/** A connection that can be broken off, so that what waits for it fails at once. */
export interface Connected {
  breakOff(why: Error): void;
}

/** One of the hosts, with what is known of it. */
export interface Host {
  readonly address: HostAddress;
  /** When it last failed or did not suit, by `performance.now()`; undefined once it has suited again. */
  failedAt: number | undefined;
  readonly connections: Set<Connected>;
}

/** The hosts of a connection URL: which to try next, and whether one suits. */
export interface Hosts {
  readonly target: SessionTarget;
  readonly size: number;
  /** How many attempts it takes to find one that suits, if there is one. */
  readonly tries: number;
  /** The host to try next. */
  next(): Host;
  /** An attempt to connect to it failed. */
  failed(host: Host): void;
  /** Judges a server by what it says: undefined if it suits. */
  judge(host: Host, role: ServerRole): HostUnsuitable | undefined;
  /** Whether a session that has suited still does, now that its server is something else. */
  stillSuits(role: ServerRole): boolean;
}

/**
 * For how long a host that failed comes last, in milliseconds. Not where a primary is wanted: there is only one, so
 * there is no reason to leave it for the host listed first.
 */
const avoidMs = 30_000;

const known = new Map<string, Hosts>();

/** The hosts of this list, with what any pool of this process has learned of them. */
export function hostsOf(addresses: readonly HostAddress[], target: SessionTarget): Hosts {
  const key = JSON.stringify([target, addresses]);
  const hosts = known.get(key) ?? createHosts(addresses, target);
  known.set(key, hosts);
  return hosts;
}

/** @internal A list that no other pool shares. */
export function createHosts(addresses: readonly HostAddress[], target: SessionTarget): Hosts {
  const hosts = addresses.map(
    (address): Host => ({ address, failedAt: undefined, connections: new Set() }),
  );
  const needsPrimary = target === 'primary' || target === 'read-write';
  const takesAny = target === 'prefer-standby' || target === 'prefer-primary';

  const isAvoided = ({ failedAt }: Host): boolean =>
    failedAt !== undefined && (needsPrimary || performance.now() - failedAt < avoidMs);

  /** Breaks off what goes to a server that was the primary: one that is frozen would keep it waiting for ever. */
  function leaveOthers(host: Host): void {
    const { host: name, port } = host.address;
    for (const { connections } of hosts.filter((it) => it !== host)) {
      for (const connection of connections) {
        connection.breakOff(new Error(`Connection terminated: ${name}:${port} is the primary now`));
      }
    }
  }

  return {
    target,
    size: hosts.length,
    // One that is not preferred is tried again when no other host turned out to be better.
    tries: takesAny ? hosts.length + 1 : hosts.length,
    next() {
      const fresh = hosts.find((host) => !isAvoided(host));
      const [longestAgo] = hosts.toSorted((a, b) => (a.failedAt ?? 0) - (b.failedAt ?? 0));
      return fresh ?? (longestAgo as Host);
    },
    failed(host) {
      host.failedAt = performance.now();
    },
    judge(host, role) {
      const isLastResort = takesAny && hosts.every((it) => it === host || isAvoided(it));
      const why = isLastResort ? undefined : unsuitable(target, role);
      if (why !== undefined) {
        host.failedAt = performance.now();
        return new HostUnsuitable(host.address, why);
      }
      host.failedAt = undefined;
      if (needsPrimary || (target === 'prefer-primary' && !role.isStandby)) leaveOthers(host);
      return undefined;
    },
    stillSuits: (role) => takesAny || unsuitable(target, role) === undefined,
  };
}

/** Why a server is not what is wanted, as the state that it is in; undefined if it is. */
function unsuitable(
  target: SessionTarget,
  { isStandby, isReadOnly }: ServerRole,
): SickName | undefined {
  switch (target) {
    case 'any':
      return undefined;
    case 'primary':
    case 'prefer-primary':
      return isStandby ? 'in-recovery' : undefined;
    case 'read-write':
      if (isStandby) return 'in-recovery';
      return isReadOnly ? 'read-only' : undefined;
    case 'read-only':
      return isStandby || isReadOnly ? undefined : 'not-a-standby';
    case 'standby':
    case 'prefer-standby':
      return isStandby ? undefined : 'not-a-standby';
  }
}

/** What keeps all hosts from being used: the one that answered says more than those that did not. */
export class NoHostSuits extends AggregateError {
  readonly code = 'no-host-suits';
  constructor(errors: readonly Error[]) {
    const byUse = errors.toSorted((a, b) => Number(isSilent(a)) - Number(isSilent(b)));
    super(byUse, byUse.map((error) => error.message || String(error)).join('; '));
  }
}

const isSilent = (error: Error): boolean => sicknessOf(error) === 'unreachable';

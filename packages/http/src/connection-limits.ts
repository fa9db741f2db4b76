import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { readAddress, subjectOf } from './client-address.ts';

export interface ConnectionLimits {
  /** Most connections in all; no limit unless set, or 0. */
  readonly inAll?: number;
  /** Most connections of one address; no limit unless set, or 0. */
  readonly perAddress?: number;
}

/** The limits that a service's settings ask for. Behind a proxy, all connections come from its address. */
export function connectionLimits(settings: {
  readonly MAX_CONNECTIONS: number;
  readonly MAX_CONNECTIONS_PER_ADDRESS: number;
  readonly TRUST_PROXY: number;
}): ConnectionLimits {
  return {
    inAll: settings.MAX_CONNECTIONS,
    perAddress: settings.TRUST_PROXY > 0 ? 0 : settings.MAX_CONNECTIONS_PER_ADDRESS,
  };
}

/**
 * Closes what connects beyond the limits, unanswered: an answer would cost more than the connection.
 * Addresses are those of the connections themselves, for on a new one nothing has been said yet.
 */
export function limitConnections(
  server: Server,
  limits: ConnectionLimits,
  onRefused: (which: 'in all' | 'of one address') => void,
): void {
  const { inAll = 0, perAddress = 0 } = limits;
  if (inAll > 0) {
    server.maxConnections = inAll;
    server.on('drop', () => onRefused('in all'));
  }
  if (perAddress === 0) return;
  const open = new Map<string, number>();
  server.prependListener('connection', (socket: Socket) => {
    const subject = subjectOf(readAddress(socket.remoteAddress ?? '') ?? 'unknown');
    const count = (open.get(subject) ?? 0) + 1;
    open.set(subject, count);
    socket.once('close', () => {
      const left = (open.get(subject) ?? 1) - 1;
      if (left === 0) open.delete(subject);
      else open.set(subject, left);
    });
    if (count <= perAddress) return;
    onRefused('of one address');
    socket.destroy();
  });
}

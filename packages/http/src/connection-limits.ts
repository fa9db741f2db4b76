import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { readAddress, subjectOf } from './client-address.ts';
import { createCounts } from './counts.ts';

export interface ConnectionLimits {
  /** The most connections in all; 0 or unset: no limit. */
  readonly inAll?: number;
  /** The most connections from one address; 0 or unset: no limit. */
  readonly perAddress?: number;
}

/** The settings that limit connections. */
export interface ConnectionSettings {
  readonly MAX_CONNECTIONS?: number;
  readonly MAX_CONNECTIONS_PER_ADDRESS?: number;
  readonly TRUST_PROXY?: number;
}

/** The limits in a service's settings; none per address behind a proxy, where all connections come from one. */
export const connectionLimits = (settings: ConnectionSettings): ConnectionLimits => ({
  inAll: settings.MAX_CONNECTIONS ?? 0,
  perAddress: settings.TRUST_PROXY ? 0 : (settings.MAX_CONNECTIONS_PER_ADDRESS ?? 0),
});

/**
 * Closes connections beyond the limits without an answer, which would cost more than the connection. The addresses are
 * those of the connections themselves, because no request has been read yet.
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
  const open = createCounts();
  server.prependListener('connection', (socket: Socket) => {
    const subject = subjectOf(readAddress(socket.remoteAddress ?? '') ?? 'unknown');
    open.change(subject, 1);
    socket.on('close', () => open.change(subject, -1));
    if (open.of(subject) <= perAddress) return;
    onRefused('of one address');
    socket.destroy();
  });
}

import type { Point } from './points.ts';

/** What can go wrong, and what it may cost. */
export const faultKinds = {
  kill: { on: 'process', costsAttempt: true, weight: 3 },
  terminate: { on: 'process', costsAttempt: true, weight: 2 },
  // Shorter than the lease.
  freeze: { on: 'process', costsAttempt: true, weight: 1 },
  // Until another worker has ended the job and the owner has written new data.
  'freeze-long': { on: 'process', costsAttempt: true, weight: 3 },
  // The job stands still while its worker lives, shorter or longer than the lease.
  hold: { on: 'process', costsAttempt: true, weight: 1 },
  'cut-postgres': { on: 'sockets', costsAttempt: true, weight: 2 },
  'stall-postgres': { on: 'sockets', costsAttempt: true, weight: 2 },
  'slow-postgres': { on: 'sockets', costsAttempt: false, weight: 1 },
  'cut-redis': { on: 'sockets', costsAttempt: false, weight: 1 },
  'stall-redis': { on: 'sockets', costsAttempt: false, weight: 1 },
  'flush-redis': { on: 'redis', costsAttempt: false, weight: 1 },
  'restart-redis': { on: 'redis', costsAttempt: false, weight: 1 },
  'kill-redis': { on: 'redis', costsAttempt: false, weight: 1 },
  'lose-redis': { on: 'redis', costsAttempt: false, weight: 1 },
  'restart-postgres': { on: 'postgres', costsAttempt: true, weight: 1 },
  'crash-postgres': { on: 'postgres', costsAttempt: true, weight: 1 },
  // Every statement that writes is refused; with the variant, on a connection of that time for good.
  'read-only-postgres': { on: 'postgres', costsAttempt: true, weight: 1 },
  // A replica of nobody for a while, then itself again; its clients stay connected.
  'demote-redis': { on: 'redis', costsAttempt: false, weight: 1 },
  // A replica takes over, and the old one becomes its replica; clients that do not leave stay connected to it.
  'failover-redis': { on: 'redis', costsAttempt: false, weight: 1 },
  // An operator's, of the dataset or, with the variant, of everything; then they resume.
  pause: { on: 'operator', costsAttempt: false, weight: 2 },
  'skew-ahead': { on: 'clock', costsAttempt: false, weight: 1 },
  'skew-behind': { on: 'clock', costsAttempt: false, weight: 1 },
} as const satisfies Record<string, FaultKindInfo>;

interface FaultKindInfo {
  readonly on: 'process' | 'sockets' | 'redis' | 'postgres' | 'operator' | 'clock';
  /** Whether a job under way may lose its attempt to it. */
  readonly costsAttempt: boolean;
  /** How often it is drawn, compared with the others. */
  readonly weight: number;
}

export type FaultKind = keyof typeof faultKinds;

/** A fault as the schedule has it. */
export interface PlannedFault {
  readonly kind: FaultKind;
  /** How long it lasts, in milliseconds, where that is not given by what it waits for. */
  readonly lastsMs: number;
  /**
   * Sockets: the server is not told for a while. Redis: the job stands still until it is over. Pause: of all
   * datasets. Read-only: connections that are made meanwhile stay so.
   */
  readonly variant: boolean;
}

/** A fault as it happened; times are milliseconds since the epoch. */
export interface Fault extends PlannedFault {
  readonly trial: number;
  readonly point: Point | undefined;
  /** The dataset whose job was at the point. */
  readonly dataset: string | undefined;
  /** The service, or `postgres`, `redis` or `operator`. */
  readonly target: string;
  /** The process it hit; 0 for a server. */
  readonly pid: number;
  readonly from: number;
  /** When everything was as before; undefined until then. */
  to: number | undefined;
  /** Why it could not be made good: a service that did not start again. */
  error: string | undefined;
  /** From when a pause had returned, saying that nothing starts any more, until it was to be resumed. */
  paused: { readonly dataset: string | undefined; readonly from: number; to: number } | undefined;
}

/** Whether a fault may have cost the attempt of a job that this process ran. */
export function hitsAttemptOf(fault: Fault, pid: number): boolean {
  const { on, costsAttempt } = faultKinds[fault.kind];
  return costsAttempt && (on === 'postgres' || fault.pid === pid);
}

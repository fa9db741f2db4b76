/** A signal to send and how long to wait for the process to end before the next, in milliseconds. */
export type StopStep = readonly [signal: NodeJS.Signals, waitMs: number];

/** Fast shutdown, then immediate shutdown, then by force. */
export const postgresSteps: readonly StopStep[] = [
  ['SIGINT', 20_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
];

export const redisSteps: readonly StopStep[] = [
  ['SIGTERM', 10_000],
  ['SIGKILL', 5_000],
];

/** A service's own orderly stop has a deadline below this one. */
export const serviceSteps: readonly StopStep[] = [
  ['SIGTERM', 30_000],
  ['SIGKILL', 5_000],
];

/** True for the servers that the services use: they stop last. */
export function isServer(name: string): boolean {
  return name === 'postgres' || name === 'redis';
}

/** How a process of the stack with this name is ended. */
export function stepsFor(name: string): readonly StopStep[] {
  if (name === 'postgres') return postgresSteps;
  return name === 'redis' ? redisSteps : serviceSteps;
}

/** A signal, and how long to wait for the process to end before the next one, in milliseconds. */
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

/** The deadline of a service's own orderly stop is shorter. */
export const serviceSteps: readonly StopStep[] = [
  ['SIGTERM', 30_000],
  ['SIGKILL', 5_000],
];

/** Whether this is a server that services use; servers stop last. */
export function isServer(name: string): boolean {
  return name === 'postgres' || name === 'redis';
}

/** The steps to end the process of the stack with this name. */
export function stepsFor(name: string): readonly StopStep[] {
  if (name === 'postgres') return postgresSteps;
  return name === 'redis' ? redisSteps : serviceSteps;
}

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { LoopRound } from './loop.ts';

/** Creates the function that background loops call after each round, which counts and times the rounds. */
export function createLoopMetrics(registry: Registry): (round: LoopRound) => void {
  const registers = [registry];
  const labelNames = ['loop'] as const;
  const durations = new Histogram({
    name: 'kasabi_loop_round_duration_seconds',
    help: 'How long the rounds of a background loop take.',
    labelNames,
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60],
    registers,
  });
  const failures = new Counter({
    name: 'kasabi_loop_round_failures_total',
    help: 'Rounds of a background loop that failed; the next one follows after the usual pause.',
    labelNames,
    registers,
  });
  const succeeded = new Gauge({
    name: 'kasabi_loop_last_success_timestamp_seconds',
    help: 'When the last successful round of a background loop ended, as Unix time.',
    labelNames,
    registers,
  });
  return ({ loop, durationMs, failed }) => {
    durations.observe({ loop }, durationMs / 1_000);
    failures.inc({ loop }, failed ? 1 : 0);
    if (!failed) succeeded.set({ loop }, Date.now() / 1_000);
  };
}

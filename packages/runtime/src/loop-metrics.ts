import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { LoopRound } from './loop.ts';

/** Makes what the background loops are started with: it counts and times their rounds. */
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
    help: 'Rounds of a background loop that failed; the next follows after the usual pause.',
    labelNames,
    registers,
  });
  const succeeded = new Gauge({
    name: 'kasabi_loop_last_success_timestamp_seconds',
    help: 'When the last round of a background loop that did not fail ended, as Unix time.',
    labelNames,
    registers,
  });
  const children = new Map<string, ReturnType<typeof childrenOf>>();
  function childrenOf(loop: string) {
    const made = {
      durations: durations.labels(loop),
      failures: failures.labels(loop),
      succeeded: succeeded.labels(loop),
    };
    made.failures.inc(0);
    children.set(loop, made);
    return made;
  }
  return ({ loop, durationMs, failed }) => {
    const of = children.get(loop) ?? childrenOf(loop);
    of.durations.observe(durationMs / 1_000);
    if (failed) of.failures.inc();
    else of.succeeded.set(Date.now() / 1_000);
  };
}

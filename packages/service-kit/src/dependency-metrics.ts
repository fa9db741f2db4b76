import { Gauge, type Registry } from 'prom-client';
import { type Checks, inTime } from './health.ts';

/** How often each dependency is asked, in milliseconds. */
const everyMs = 5_000;

/** Asks each dependency every few seconds whether it answers, apart from any scrape, and shows it. */
export function followDependencies(registry: Registry, checks: Checks): void {
  const up = new Gauge({
    name: 'kasabi_dependency_up',
    help: 'Whether a dependency answered this process when it was last asked, every 5 s: 1 or 0.',
    labelNames: ['dependency'],
    registers: [registry],
  });
  for (const [name, check] of Object.entries(checks)) {
    const child = up.labels(name.toLowerCase());
    const look = async (): Promise<void> => child.set((await inTime(check())) ? 1 : 0);
    void look();
    setInterval(look, everyMs).unref();
  }
}

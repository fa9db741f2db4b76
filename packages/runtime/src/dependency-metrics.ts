import { Gauge, type Registry } from 'prom-client';
import type { Ailments } from './health.ts';

/** How often the dependencies are checked, in milliseconds. */
const everyMs = 5_000;

/** Checks the dependencies every few seconds, independent of scrapes, and shows the results. */
export function followDependencies(
  registry: Registry,
  names: readonly string[],
  health: () => Promise<Ailments>,
): void {
  const up = new Gauge({
    name: 'kasabi_dependency_up',
    help: 'Whether a dependency works for this process, checked every 5 s: 1 or 0.',
    labelNames: ['dependency'],
    registers: [registry],
  });
  const sick = new Gauge({
    name: 'kasabi_dependency_sick',
    help: 'What is wrong with a dependency that is not up: 1 for its state.',
    labelNames: ['dependency', 'state'],
    registers: [registry],
  });
  async function look(): Promise<void> {
    const ailments = await health();
    sick.reset();
    for (const name of names) {
      const dependency = name.toLowerCase();
      const ailment = ailments.get(name);
      up.set({ dependency }, ailment === undefined ? 1 : 0);
      if (ailment !== undefined) sick.set({ dependency, state: ailment.state }, 1);
    }
  }
  void look();
  setInterval(look, everyMs).unref();
}

import { Gauge, type Registry } from 'prom-client';
import type { Ailments } from './health.ts';

/** How often the dependencies are looked at, in milliseconds. */
const everyMs = 5_000;

/** Looks at the dependencies every few seconds, apart from any scrape, and shows what was found. */
export function followDependencies(
  registry: Registry,
  names: readonly string[],
  health: () => Promise<Ailments>,
): void {
  const up = new Gauge({
    name: 'kasabi_dependency_up',
    help: 'Whether a dependency would do its work for this process, looked at every 5 s: 1 or 0.',
    labelNames: ['dependency'],
    registers: [registry],
  });
  const sick = new Gauge({
    name: 'kasabi_dependency_sick',
    help: 'What is wrong with a dependency that is not up: 1 for the state it is in.',
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

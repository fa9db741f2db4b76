import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { version } from './version.ts';

/**
 * A registry with what every Node.js process can say about itself (CPU, memory, open files, garbage collection,
 * event-loop lag) and with the running version.
 */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  // Their names break Prometheus's conventions: gauges that end like counters. The same numbers by type are kept.
  for (const kind of ['handles', 'requests', 'resources']) {
    registry.removeSingleMetric(`nodejs_active_${kind}_total`);
  }
  new Gauge({
    name: 'kasabi_build_info',
    help: 'Always 1; its label is the running version.',
    labelNames: ['version'],
    registers: [registry],
  })
    .labels(version)
    .set(1);
  return registry;
}

import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { version } from './version.ts';

/**
 * A registry with what every Node.js process can tell of itself (CPU, memory, open files, garbage
 * collection, event-loop lag) and with the version that runs.
 */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  // Named against Prometheus's conventions: gauges that end as counters do. Their parts are kept, by type.
  for (const kind of ['handles', 'requests', 'resources']) {
    registry.removeSingleMetric(`nodejs_active_${kind}_total`);
  }
  new Gauge({
    name: 'kasabi_build_info',
    help: 'Always 1; the version that runs is its label.',
    labelNames: ['version'],
    registers: [registry],
  })
    .labels(version)
    .set(1);
  return registry;
}

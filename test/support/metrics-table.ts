// The documentation's table of metrics, made from the services' own registries:
//   npx node --conditions=kasabi-source test/support/metrics-table.ts --write
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createApiMetrics } from '@kasabi/api/metrics';
import { createApp } from '@kasabi/http';
import { projectRoot } from '@kasabi/local';
import { createOperationsMetrics } from '@kasabi/operations-service/metrics';
import { createLogger, measurePools } from '@kasabi/runtime';
import { createStatusMetrics } from '@kasabi/status/metrics';
import { createWorkerMetrics } from '@kasabi/worker/metrics';
import type { Registry } from 'prom-client';

/** The file that the table is in, from the project's root. */
export const metricsDocument = 'docs/metrics.md';

const zero = (): number => 0;

/** The registry of each service, with all that it ever holds. */
export const registries: Readonly<Record<string, Registry>> = {
  api: createApiMetrics(zero).registry,
  worker: createWorkerMetrics({ running: zero, concurrency: 1, clockOffsetMs: zero }).registry,
  status: createStatusMetrics(zero).registry,
  operations: createOperationsMetrics().registry,
};

const log = createLogger({ service: 'test', level: 'silent' });
for (const registry of Object.values(registries)) {
  measurePools(registry, {});
  createApp({ log, registry, checks: {}, isUnavailable: () => false, routes: () => undefined });
}

/** What every Node.js process tells, as prom-client has it. */
export const isDefault = (name: string): boolean => /^(nodejs|process)_/.test(name);

interface Described {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames?: readonly string[];
}

/** The table, in Markdown: the project's own metrics and the services that have them. */
export function renderMetrics(): string {
  const rows = new Map<string, { readonly metric: Described; readonly services: string[] }>();
  for (const [service, registry] of Object.entries(registries)) {
    for (const metric of registry.getMetricsAsArray() as unknown as Described[]) {
      if (isDefault(metric.name)) continue;
      const row = rows.get(metric.name) ?? { metric, services: [] };
      row.services.push(service);
      rows.set(metric.name, row);
    }
  }
  const all = Object.keys(registries).length;
  const lines = [...rows]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, { metric, services }]) => {
      const labels = (metric.labelNames ?? []).map((label) => `\`${label}\``).join(', ');
      const where = services.length === all ? 'all' : services.join(', ');
      return `| \`${name}\` | ${metric.type} | ${labels} | ${where} | ${metric.help} |`;
    });
  return ['| metric | type | labels | of | what it is |', '|---|---|---|---|---|', ...lines].join(
    '\n',
  );
}

/**
 * The document with the table between `<!-- metrics -->` and `<!-- /metrics -->`.
 *
 * @throws Error when the markers are not there exactly once.
 */
export function withMetrics(document: string): string {
  const [before, after, ...more] = document.split('<!-- metrics -->');
  const end = after?.indexOf('<!-- /metrics -->') ?? -1;
  if (before === undefined || after === undefined || end < 0 || more.length > 0) {
    throw new Error('The document needs <!-- metrics --> and <!-- /metrics --> once each.');
  }
  return `${before}<!-- metrics -->\n${renderMetrics()}\n${after.slice(end)}`;
}

if (process.argv[1] === import.meta.filename) {
  const file = path.join(projectRoot, metricsDocument);
  const current = withMetrics(readFileSync(file, 'utf8'));
  if (process.argv.includes('--write')) writeFileSync(file, current);
  else process.stdout.write(`${renderMetrics()}\n`);
}

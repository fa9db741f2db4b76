import type { Logger } from '@kasabi/runtime';
import type { Registry } from 'prom-client';
import { createExpressApp } from './express-app.ts';
import { addProbeRoutes, metricsProbe } from './probes.ts';
import { type HttpServer, listen } from './server.ts';

/**
 * Serves `GET /metrics`, and nothing else, on a port of its own, if there is to be one.
 *
 * @throws PortUnavailable
 */
export async function listenForMetrics(options: {
  readonly registry: Registry;
  readonly port: number | undefined;
  readonly address: string | undefined;
  readonly log: Logger;
}): Promise<HttpServer | undefined> {
  const { registry, port, address, log } = options;
  if (port === undefined) return undefined;
  const app = createExpressApp();
  addProbeRoutes(app, { '/metrics': metricsProbe(registry) });
  const server = await listen({ listener: app, port, address, setting: 'METRICS_PORT', log });
  log.info({ port: server.port }, 'metrics are served');
  return server;
}

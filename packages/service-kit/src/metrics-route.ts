import type { Express } from 'express';
import type { Registry } from 'prom-client';
import { createExpressApp } from './express-app.ts';
import type { Logger } from './log.ts';
import { methodNotAllowed } from './methods.ts';
import { type HttpServer, listen } from './server.ts';
import { share } from './share.ts';

/** Who asks within so many milliseconds gets what the one before got. */
const goodForMs = 1_000;

/**
 * Adds `GET /metrics`, in Prometheus's text format. A scrape prints what the process has in memory and
 * asks nothing of Postgres or Redis, so that scraping costs them nothing and never hangs on them. What was
 * printed is good for a second: it takes milliseconds, which many who ask would take from the requests.
 */
export function addMetricsRoute(app: Express, registry: Registry): void {
  const render = share(() => registry.metrics(), goodForMs);
  app
    .route('/metrics')
    .get(async (_request, response) => {
      const text = await render();
      response.set({ 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' });
      response.send(text);
    })
    .all(methodNotAllowed('GET', 'HEAD'));
}

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
  addMetricsRoute(app, registry);
  const server = await listen({ listener: app, port, address, setting: 'METRICS_PORT', log });
  log.info({ port: server.port }, 'metrics are served');
  return server;
}

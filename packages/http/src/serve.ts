import type { Logger } from '@kasabi/runtime';
import type { Registry } from 'prom-client';
import { type ConnectionSettings, connectionLimits } from './connection-limits.ts';
import { createExpressApp } from './express-app.ts';
import { addProbeRoutes, metricsProbe } from './probes.ts';
import { type HttpServer, type ListenOptions, listen } from './server.ts';

export interface ServeOptions<PortSetting extends string> {
  readonly listener: ListenOptions['listener'];
  /** The name of the setting that holds the port. */
  readonly setting: PortSetting;
  readonly settings: ConnectionSettings & { readonly [name in PortSetting]: number } & {
    readonly LISTEN_ADDRESS?: string | undefined;
    /** The port for `GET /metrics` alone; unset if there is none. */
    readonly METRICS_PORT?: number | undefined;
    /** How long connections without a request are kept at a stop, in milliseconds; 0 unless set. */
    readonly DRAIN_MS?: number;
  };
  readonly registry: Registry;
  readonly log: Logger;
}

/**
 * Listens for the requests to a service and, if there is a port for them, for those to `/metrics`. Closing the server
 * closes both.
 *
 * @throws PortUnavailable
 */
export async function serve<PortSetting extends string>(
  options: ServeOptions<PortSetting>,
): Promise<HttpServer> {
  const { listener, setting, settings, registry, log } = options;
  const { LISTEN_ADDRESS: address, METRICS_PORT, DRAIN_MS: drainMs = 0 } = settings;
  const port = settings[setting];
  const connections = connectionLimits(settings);
  const server = await listen({ listener, port, address, setting, connections, drainMs, log });
  if (METRICS_PORT === undefined) return server;
  const metrics = await listenForMetrics(registry, { port: METRICS_PORT, address, log });
  log.info({ port: metrics.port }, 'metrics are served');
  return {
    port: server.port,
    async close(graceMs) {
      await server.close(graceMs);
      await metrics.close(0);
    },
  };
}

/** Serves `GET /metrics` and nothing else. */
export function listenForMetrics(
  registry: Registry,
  options: Pick<ListenOptions, 'port' | 'address' | 'log'>,
): Promise<HttpServer> {
  const listener = createExpressApp();
  addProbeRoutes(listener, { '/metrics': metricsProbe(registry) });
  return listen({ ...options, listener, setting: 'METRICS_PORT' });
}

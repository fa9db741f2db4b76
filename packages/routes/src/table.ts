import { apiRoutes } from './api-routes.ts';
import { datasetRoutes } from './dataset-routes.ts';
import { exportRoutes } from './export-routes.ts';
import { jobRoutes } from './job-routes.ts';
import type { RouteGroup } from './route.ts';
import { metricsRoutes, pageRoutes, probeRoutes } from './service-routes.ts';

/** Every route there is. */
export const routeTable = {
  api: { host: 'api', tag: 'Jobs', limited: true, routes: apiRoutes },
  jobs: { host: 'status', tag: 'Jobs', limited: true, routes: jobRoutes },
  exports: { host: 'status', tag: 'Jobs', limited: true, routes: exportRoutes },
  datasets: { host: 'status', tag: 'Datasets', limited: true, routes: datasetRoutes },
  pages: { host: 'both', tag: 'Service', limited: true, routes: pageRoutes },
  probes: { host: 'both', tag: 'Service', limited: false, routes: probeRoutes },
  metrics: { host: 'both', tag: 'Service', limited: false, routes: metricsRoutes },
} as const satisfies Record<string, RouteGroup>;

export type RouteTable = typeof routeTable;

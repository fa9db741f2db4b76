import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, Response } from 'express';
import { Counter, Histogram, type Registry } from 'prom-client';

const methods: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
]);

/** A request's method as a label or a name: a known one, or `other`. */
export const methodOf = ({ method = '' }: IncomingMessage): string =>
  methods.has(method) ? method : 'other';

/** The status of the answer to a request; 499, as in proxies, if its client had gone before. */
export const statusOf = (response: Response): number =>
  response.headersSent ? response.statusCode : 499;

const held = new WeakSet<ServerResponse>();

/**
 * Marks a response that is kept open because its client asked for that. It is counted but not timed, because its
 * duration says nothing about this service.
 */
export function heldForClient(response: Response): void {
  held.add(response);
}

/**
 * The pattern of a request's route, such as `/data/:code/jobs/:id`; `none` if there is no such route, so that what
 * clients write in their paths never becomes a label. Routers are only mounted at fixed paths.
 */
export function routeOf(request: Request): string {
  const pattern: unknown = request.route?.path;
  return pattern === undefined ? 'none' : `${request.baseUrl}${String(pattern)}`;
}

/** One answered request. */
export interface AnsweredRequest {
  readonly method: string;
  readonly route: string;
  readonly code: number;
  /** How long the answer took, in milliseconds; undefined if that says nothing about this service. */
  readonly ms?: number | undefined;
}

/** Counts requests by method, route and status code, and times them by method and route, in this registry. */
export function createHttpMetrics(registry: Registry) {
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests answered; code 499 if the client had gone before.',
    labelNames: ['method', 'route', 'code'],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request to the end of its answer, except for answers that clients asked to be held.',
    labelNames: ['method', 'route'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const timed = new Map<string, Histogram.Internal<string>>();
  const counted = new Map<string, Counter.Internal>();

  function count({ method, route, code, ms }: AnsweredRequest): void {
    const kind = `${method} ${route}`;
    const child = counted.get(`${kind} ${code}`) ?? requests.labels(method, route, String(code));
    counted.set(`${kind} ${code}`, child);
    child.inc();
    if (ms === undefined) return;
    const timer = timed.get(kind) ?? durations.labels(method, route);
    timed.set(kind, timer);
    timer.observe(ms / 1_000);
  }

  return {
    count,
    /** Counts a request when it has been answered. */
    follow(request: Request, response: Response): void {
      const began = performance.now();
      response.on('close', () =>
        count({
          ...{ method: methodOf(request), route: routeOf(request), code: statusOf(response) },
          ms: held.has(response) ? undefined : performance.now() - began,
        }),
      );
    },
  };
}

export type HttpMetrics = ReturnType<typeof createHttpMetrics>;

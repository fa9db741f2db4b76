import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { routeTable } from '@kasabi/routes';
import { type Ailments, share } from '@kasabi/runtime';
import express, { type Express, type RequestHandler } from 'express';
import type { Registry } from 'prom-client';
import { plainText } from './answer.ts';
import type { EarlyAnswer } from './early-answer.ts';
import { hostProblem } from './host.ts';
import type { HttpMetrics } from './http-metrics.ts';
import { addRoute } from './routes.ts';

/** The answer to a probe. */
export interface ProbeAnswer {
  readonly status: 200 | 503;
  readonly contentType: string;
  readonly text: string;
}

/** Finds the answer for a path that orchestrators or Prometheus request every few seconds. */
export type Probe = () => ProbeAnswer | Promise<ProbeAnswer>;

const { probes: ofAll, metrics: ofPrometheus } = routeTable;
const routes = [...Object.values(ofAll.routes), ...Object.values(ofPrometheus.routes)];

/** Probes by their paths. */
export type Probes = { readonly [path in (typeof routes)[number]['path']]?: Probe };

/** Says why the process should be restarted; undefined if it should not. */
export type Trouble = () => string | undefined;

const answerOf = (isWell: boolean, lines: readonly string[]): ProbeAnswer => ({
  status: isWell ? 200 : 503,
  contentType: plainText,
  text: lines.map((line) => `${line}\n`).join(''),
});

/** `GET /healthz`: whether the process works. */
export function livenessProbe(trouble: Trouble): Probe {
  return () => {
    const reason = trouble();
    return answerOf(reason === undefined, [reason ?? 'alive']);
  };
}

export interface ReadinessOptions {
  readonly health: () => Promise<Ailments>;
  /** Whether the service needs this dependency for its work. */
  readonly isNeeded: (dependency: string) => boolean;
  /** Aborted when the process has been told to stop. */
  readonly stopping?: AbortSignal | undefined;
}

/** `GET /readyz`: whether the process can do its work, with its dependencies, and has not been told to stop. */
export function readinessProbe({ health, isNeeded, stopping }: ReadinessOptions): Probe {
  return async () => {
    if (stopping?.aborted) return answerOf(false, ['stopping']);
    const ailments = await health();
    const isReady = ![...ailments.keys()].some(isNeeded);
    const lines = [...ailments].map(([name, { what }]) => `${name} ${what}`);
    return answerOf(isReady, isReady ? ['ready', ...lines] : lines);
  };
}

/** A text of metrics is reused for this many milliseconds. */
const metricsGoodForMs = 1_000;

/**
 * `GET /metrics`, in Prometheus's text format. A scrape prints what the process has in memory and sends nothing to
 * Postgres or Redis, so it costs them nothing and never waits for them. Printing takes milliseconds, so all requests
 * within a second get the same text.
 */
export function metricsProbe(registry: Registry): Probe {
  const render = share(() => registry.metrics(), metricsGoodForMs);
  return async () => ({ status: 200, contentType: registry.contentType, text: await render() });
}

export interface ProbeOptions {
  /** The headers of every answer, besides its own: names and values in turn. */
  readonly headers: readonly string[];
  /** Counts the answers, if set. */
  readonly metrics?: HttpMetrics | undefined;
}

/**
 * Creates the early answer to probes, without log line, trace and limit. In the app, a probe took 170 µs of the process;
 * here it takes 90, of which 50 are Node.js's own. A flood of probes takes that time from all other requests. Unusual
 * requests (with a query string, another method, an invalid Host) are answered by the routes of `addProbeRoutes`.
 */
export function answerProbes(probes: Probes, options: ProbeOptions): EarlyAnswer {
  const { headers, metrics } = options;
  const known = new Map(Object.entries(probes));

  async function answer(
    probe: Probe,
    asked: { readonly method: string; readonly route: string },
    response: ServerResponse,
  ): Promise<void> {
    const began = performance.now();
    const found = await probe();
    send(response, found, [...headers, 'X-Request-Id', randomUUID()]);
    metrics?.count({ ...asked, code: found.status, ms: performance.now() - began });
  }

  return (request, response) => {
    const { method, url: route = '' } = request;
    const probe = known.get(route);
    if (probe === undefined || (method !== 'GET' && method !== 'HEAD')) return false;
    if (hostProblem(request) !== undefined) return false;
    void answer(probe, { method, route }, response).catch(() => response.destroy());
    return true;
  };
}

/** Adds the routes of the probes to an app. */
export function addProbeRoutes(app: Express, probes: Probes): void {
  const router = express.Router({ caseSensitive: true });
  for (const { path } of routes) {
    const probe = probes[path];
    if (probe === undefined) continue;
    const handler: RequestHandler = async (_request, response) => send(response, await probe());
    addRoute(router, path, { get: [handler] });
  }
  // Other requests are compared with no pattern of theirs.
  app.use((request, response, next) =>
    paths.has(request.path) ? router(request, response, next) : next(),
  );
}

function send(
  response: ServerResponse,
  answer: ProbeAnswer,
  headers: readonly string[] = [],
): void {
  const { status, contentType, text } = answer;
  response.writeHead(status, [
    ...headers,
    ...['Cache-Control', 'no-store', 'Content-Type', contentType],
    ...['Content-Length', String(Buffer.byteLength(text))],
  ]);
  response.end(text);
}

const paths: ReadonlySet<string> = new Set(routes.map(({ path }) => path));

/** Whether a request is a probe. Log lines and traces of probes would bury all others. */
export function isProbe(request: IncomingMessage): boolean {
  return paths.has(request.url ?? '');
}

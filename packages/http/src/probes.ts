import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { routeTable } from '@kasabi/routes';
import { type Ailments, share } from '@kasabi/runtime';
import type { Express, Request, RequestHandler, Response } from 'express';
import type { Registry } from 'prom-client';
import { plainText } from './answer.ts';
import type { EarlyAnswer } from './early-answer.ts';
import { hostProblem } from './host.ts';
import type { HttpMetrics } from './http-metrics.ts';
import { addRoute } from './routes.ts';

/** What a probe is answered. */
export interface ProbeAnswer {
  readonly status: 200 | 503;
  readonly contentType: string;
  readonly text: string;
}

/** Who asks for a path that orchestrators and Prometheus ask every few seconds is answered what this finds. */
export type Probe = () => ProbeAnswer | Promise<ProbeAnswer>;

const { probes: ofAll, metrics: ofPrometheus } = routeTable;
const routes = [...Object.values(ofAll.routes), ...Object.values(ofPrometheus.routes)];

/** Probes by their paths. */
export type Probes = { readonly [path in (typeof routes)[number]['path']]?: Probe };

/** Says why the process should be restarted; undefined while it should not. */
export type Trouble = () => string | undefined;

const answerOf = (isWell: boolean, lines: readonly string[]): ProbeAnswer => ({
  status: isWell ? 200 : 503,
  contentType: plainText,
  text: lines.map((line) => `${line}\n`).join(''),
});

/** `GET /healthz`: whether the process does its work. */
export function livenessProbe(trouble: Trouble): Probe {
  return () => {
    const reason = trouble();
    return answerOf(reason === undefined, [reason ?? 'alive']);
  };
}

/**
 * `GET /readyz`: whether the process can do its work, with its dependencies.
 *
 * @param isNeeded whether the service needs this dependency for its work.
 */
export function readinessProbe(
  health: () => Promise<Ailments>,
  isNeeded: (dependency: string) => boolean,
): Probe {
  return async () => {
    const ailments = await health();
    const isReady = ![...ailments.keys()].some(isNeeded);
    const lines = [...ailments].map(([name, { what }]) => `${name} ${what}`);
    return answerOf(isReady, isReady ? ['ready', ...lines] : lines);
  };
}

/** A text of metrics is handed on for so many milliseconds. */
const metricsGoodForMs = 1_000;

/**
 * `GET /metrics`, in Prometheus's text format. A scrape prints what the process has in memory and asks
 * nothing of Postgres or Redis, so that scraping costs them nothing and never hangs on them. Printing takes
 * milliseconds, so everyone who asks within a second gets the same text.
 */
export function metricsProbe(registry: Registry): Probe {
  const render = share(() => registry.metrics(), metricsGoodForMs);
  return async () => ({ status: 200, contentType: registry.contentType, text: await render() });
}

export interface ProbeOptions {
  /** Headers of every answer, besides those of the answer itself: names and values in turn. */
  readonly headers: readonly string[];
  /** Where answers are counted; nowhere unless set. */
  readonly metrics?: HttpMetrics | undefined;
}

/**
 * Makes what answers probes before the app sees the request: no log line, no trace, no limit. A probe took
 * 170 µs of the process behind all of that and takes 90 here, of which 50 are Node.js's own; a flood of
 * probes takes that time from everybody else. What is unusual about a request (a query string, another
 * method, a bad Host) is for the routes of `addProbeRoutes` to answer.
 */
export function answerProbes(probes: Probes, options: ProbeOptions): EarlyAnswer {
  const { headers, metrics } = options;
  const known = new Map(Object.entries(probes));

  async function answer(probe: Probe, request: Request, response: Response): Promise<void> {
    const { method, url: route } = request;
    const began = performance.now();
    const found = await probe();
    send(response, found, [...headers, 'X-Request-Id', randomUUID()]);
    metrics?.count({ method, route, code: found.status, ms: performance.now() - began });
  }

  return (request, response) => {
    const probe = known.get(request.url);
    const { method } = request;
    if (probe === undefined || (method !== 'GET' && method !== 'HEAD')) return false;
    if (hostProblem(request) !== undefined) return false;
    void answer(probe, request, response).catch(() => response.destroy());
    return true;
  };
}

/** Adds the routes of the probes to an app. */
export function addProbeRoutes(app: Express, probes: Probes): void {
  for (const { path } of routes) {
    const probe = probes[path];
    if (probe === undefined) continue;
    const handler: RequestHandler = async (_request, response) => send(response, await probe());
    addRoute(app, path, { get: [handler] });
  }
}

function send(response: Response, answer: ProbeAnswer, headers: readonly string[] = []): void {
  const { status, contentType, text } = answer;
  response.writeHead(status, [
    ...headers,
    ...['Cache-Control', 'no-store', 'Content-Type', contentType],
    ...['Content-Length', String(Buffer.byteLength(text))],
  ]);
  response.end(text);
}

const paths: ReadonlySet<string> = new Set(routes.map(({ path }) => path));

/** Whether a request is for a probe: a log line or a trace for each would bury the others. */
export function isProbe(request: IncomingMessage): boolean {
  return paths.has(request.url ?? '');
}

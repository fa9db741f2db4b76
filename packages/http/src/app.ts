import type { RequestListener } from 'node:http';
import { NotFound, Overloaded } from '@kasabi/protocol';
import { type Checks, createHealth, followDependencies, type Logger } from '@kasabi/runtime';
import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import type { Registry } from 'prom-client';
import { createAddressReader, type TrustOptions } from './client-address.ts';
import { answerEarly } from './early-answer.ts';
import { createExpressApp } from './express-app.ts';
import { hostProblem } from './host.ts';
import { toApiError } from './http-errors.ts';
import { createHttpMetrics } from './http-metrics.ts';
import { sendError } from './negotiation.ts';
import {
  addProbeRoutes,
  answerProbes,
  livenessProbe,
  metricsProbe,
  type Probes,
  readinessProbe,
  type Trouble,
} from './probes.ts';
import { type EarlyRefusal, refuseEarly } from './refuse-early.ts';
import { createRequestLog } from './request-log.ts';
import { traceRequests } from './request-trace.ts';
import { type AnswerError, answerErrorSetting } from './routes.ts';
import { securityHeaders } from './security-headers.ts';

export interface AppOptions {
  /** Where clients reach the service. If that is https, answers tell browsers to use nothing else. */
  readonly publicUrl?: string;
  readonly log: Logger;
  readonly checks: Checks;
  /** The checks that the service can do its work without; it is ready even while they fail. */
  readonly optional?: readonly string[];
  /** Aborted when the process has been told to stop: it is not ready any more. */
  readonly stopping?: AbortSignal;
  /** Says why the process should be restarted; a service without it is alive as long as it answers. */
  readonly trouble?: Trouble;
  /** The registry for the metrics of requests and dependencies; there are none unless set. */
  readonly registry?: Registry;
  /** Whether `GET /metrics` is served here; otherwise it has a port of its own. */
  readonly servesMetrics?: boolean;
  /** Who is trusted to say where a request comes from; nobody unless set. */
  readonly trust?: TrustOptions;
  /** Refuses requests before anything else is done for them; unset: refuses none. */
  readonly refusal?: EarlyRefusal | undefined;
  /** Adds the service's own routes. */
  readonly routes: (app: Express) => void;
  /** Whether an error means that a dependency does not answer at the moment: 503 instead of 500. */
  readonly isUnavailable: (error: unknown) => boolean;
}

/** Creates an Express app with what all services share: request log, security headers, health, errors. */
export function createApp(options: AppOptions): RequestListener {
  const app = createExpressApp();
  // Parameters are read by the protocol package, which reports duplicates and wrong encodings.
  app.set('query parser', false);
  app.set('case sensitive routing', true);
  const { registry, optional = [], trust = { trustProxy: 0, serviceSecret: undefined } } = options;
  const health = createHealth(options.checks);
  // For `request.secure` only; where a request comes from is in `request.address`.
  app.set('trust proxy', trust.trustProxy);
  const metrics = registry === undefined ? undefined : createHttpMetrics(registry);
  if (registry !== undefined) followDependencies(registry, Object.keys(options.checks), health);
  const probes: Probes = {
    '/healthz': livenessProbe(options.trouble ?? (() => undefined)),
    '/readyz': readinessProbe({
      health,
      isNeeded: (dependency) => !optional.includes(dependency),
      stopping: options.stopping,
    }),
    ...(registry !== undefined && options.servesMetrics && { '/metrics': metricsProbe(registry) }),
  };
  const headers = securityHeaders(options.publicUrl?.startsWith('https:') ?? false);
  const requestLog = createRequestLog(options.log);
  // One handler, because each one that Express calls costs every request time and memory.
  app.use((request, response, next) => {
    metrics?.follow(request, response);
    traceRequests(request, response, () => {
      requestLog.follow(request, response);
      for (const [name, value] of headers) response.setHeader(name, value);
      next(hostProblem(request));
    });
  });
  addProbeRoutes(app, probes);
  const answerError = createAnswerError(options.isUnavailable);
  app.set(answerErrorSetting, answerError);
  options.routes(app);
  app.use(nothingHere);
  const ofMiddleware: ErrorRequestHandler = (error, request, response, _next) =>
    answerError(error, request, response);
  app.use(ofMiddleware);
  const answer = { headers: headers.flat(), metrics };
  const { refusal = () => undefined } = options;
  const noteAddress = createAddressReader(trust);
  return answerEarly(app, [
    answerProbes(probes, answer),
    refuseEarly({ ...answer, refusal, noteAddress, requestLog }),
  ]);
}

const nothingHere: RequestHandler = (request) => {
  const { path } = request;
  const where = /^[\w/.~-]{1,100}$/.test(path) ? path : 'this address';
  throw new NotFound(`There is nothing at ${where}; check the path.`);
};

function createAnswerError(isUnavailable: AppOptions['isUnavailable']): AnswerError {
  return (error, request, response) => {
    const apiError = toApiError(error, request.id, isUnavailable);
    // For the request's log line, except if the service was overloaded: that is not a fault to look into.
    if (apiError.status >= 500 && !(error instanceof Overloaded)) response.err = error;
    if (response.headersSent) {
      // Too late for another answer. Close the connection, so that half an answer is not taken for a complete one.
      response.destroy();
      return;
    }
    sendError(request, response, apiError);
  };
}

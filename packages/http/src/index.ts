export { json, plainText, sendWhole } from './answer.ts';
export { createApp } from './app.ts';
export { serviceHeaders, subjectOf } from './client-address.ts';
export { createCounts } from './counts.ts';
export { addDocumentation } from './docs.ts';
export { entityTag, isFresh } from './entity-tag.ts';
export { openEventStream } from './event-stream.ts';
export { goneSignal } from './gone-signal.ts';
export { probeHalfClosed } from './half-close.ts';
export { Html, type HtmlPart, html, readableUrl, renderPage } from './html.ts';
export { toApiError } from './http-errors.ts';
export { heldForClient } from './http-metrics.ts';
export { methodNotAllowed } from './methods.ts';
export { preferredType, prefersJson } from './negotiation.ts';
export { createOverloadGuard } from './overload.ts';
export { createPasswordGate } from './password-gate.ts';
export { createRateLimit, type RateLimit, windowSeconds } from './rate-limit.ts';
export { readBody } from './read-body.ts';
export {
  apiKeyOf,
  keyAlone,
  keyDigestOf,
  queryOf,
  readJobId,
  readParameters,
  readShortCode,
  singleHeader,
} from './request.ts';
export { isAbout, logWith } from './request-log.ts';
export { addRoutes, type Handlers } from './routes.ts';
export { serve } from './serve.ts';
export { type HttpServer, listen, PortUnavailable } from './server.ts';
export { type Count, createWindowCounter } from './window-counter.ts';

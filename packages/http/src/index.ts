export { json, plainText, sendWhole } from './answer.ts';
export { type AppOptions, createApp } from './app.ts';
export {
  readAddress,
  serviceHeaders,
  subjectOf,
  type TrustOptions,
} from './client-address.ts';
export { addDocumentation } from './docs.ts';
export { entityTag, isFresh } from './entity-tag.ts';
export { goneSignal } from './gone-signal.ts';
export { probeHalfClosed } from './half-close.ts';
export { Html, type HtmlPart, html, readableUrl } from './html.ts';
export { toApiError } from './http-errors.ts';
export { heldForClient } from './http-metrics.ts';
export { methodNotAllowed } from './methods.ts';
export { listenForMetrics } from './metrics-listener.ts';
export { prefersJson } from './negotiation.ts';
export { createOverloadGuard, type OverloadGuard, type OverloadOptions } from './overload.ts';
export {
  type Attempt,
  createPasswordGate,
  type GateVerdict,
  type PasswordGate,
  type PasswordGateOptions,
} from './password-gate.ts';
export {
  createRateLimit,
  type RateLimit,
  type RateLimitOptions,
  windowSeconds,
} from './rate-limit.ts';
export { bodyLimit, readBody } from './read-body.ts';
export {
  apiKeyOf,
  jobIdOf,
  noSuchDataset,
  queryOf,
  readParameters,
  shortCodeOf,
  singleHeader,
} from './request.ts';
export { isAbout, logWith } from './request-log.ts';
export { type HttpServer, type ListenOptions, listen, PortUnavailable } from './server.ts';
export { type Count, createWindowCounter } from './window-counter.ts';

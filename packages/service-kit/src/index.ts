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
export type { Ailment, Check, Checks } from './health.ts';
export { Html, type HtmlPart, html, readableUrl } from './html.ts';
export { toApiError } from './http-errors.ts';
export { heldForClient } from './http-metrics.ts';
export { createLogger, type Logger } from './log.ts';
export { createLoopMetrics, type MeasuredRound } from './loop-metrics.ts';
export { methodNotAllowed } from './methods.ts';
export { listenForMetrics } from './metrics-listener.ts';
export { createRegistry } from './metrics-registry.ts';
export { prefersJson } from './negotiation.ts';
export { createOverloadGuard, type OverloadGuard, type OverloadOptions } from './overload.ts';
export {
  type Attempt,
  createPasswordGate,
  type GateVerdict,
  type PasswordGate,
  type PasswordGateOptions,
} from './password-gate.ts';
export { type MeasuredPool, measurePools } from './pool-metrics.ts';
export { mapNames, prepareCounter, prepareHistogram } from './prepared-metrics.ts';
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
export { type RunningService, runService } from './run.ts';
export { type HttpServer, type ListenOptions, listen, PortUnavailable } from './server.ts';
export * from './settings.ts';
export { throttledWarning } from './throttled-warning.ts';
export { type TurnedAwayLog, turnedAwayLog } from './turned-away.ts';
export { version } from './version.ts';
export { type Count, createWindowCounter } from './window-counter.ts';

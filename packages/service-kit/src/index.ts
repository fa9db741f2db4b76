export { type AppOptions, createApp, methodNotAllowed } from './app.ts';
export { createLogger, type Logger, redactUrl } from './log.ts';
export { prefersJson } from './negotiation.ts';
export { apiKeyOf, bodyLimit, noSuchDataset, readParameters, shortCodeOf } from './request.ts';
export { type RunningService, runService } from './run.ts';
export { type HttpServer, listen, PortUnavailable } from './server.ts';
export * from './settings.ts';
export { throttledWarning } from './throttled-warning.ts';

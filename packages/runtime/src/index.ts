export {
  checkRedis,
  clientSettings,
  httpSettings,
  processSettings,
  redisSettings,
} from './common-settings.ts';
export { followDependencies } from './dependency-metrics.ts';
export { createErrorDetail } from './error-detail.ts';
export { type Ailment, type Ailments, type Check, type Checks, createHealth } from './health.ts';
export { createLogger, type Logger } from './log.ts';
export { createLoop, type Loop, type LoopRound } from './loop.ts';
export { createLoopMetrics } from './loop-metrics.ts';
export { createRegistry } from './metrics-registry.ts';
export { measurePools } from './pool-metrics.ts';
export { mapNames, metricsOf } from './prepared-metrics.ts';
export { type Address, parseRedisUrl, type RedisPlace, RedisUrlInvalid } from './redis-url.ts';
export { PoolerUnfit, requireFitPooler } from './require-fit.ts';
export { runService } from './run.ts';
export { asSecret, fileSetting, isSecret } from './secret-files.ts';
export * from './setting-kinds.ts';
export { type Environment, parseSettings, SettingsInvalid } from './settings.ts';
export { share } from './share.ts';
export { StartupError } from './startup-error.ts';
export { suggest } from './suggest.ts';
export { throttledWarning } from './throttled-warning.ts';
export { turnedAwayLog } from './turned-away.ts';
export { version } from './version.ts';

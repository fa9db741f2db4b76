export { followDependencies } from './dependency-metrics.ts';
export { createErrorDetail } from './error-detail.ts';
export { type Ailment, type Ailments, type Check, type Checks, createHealth } from './health.ts';
export { createLogger, type Logger } from './log.ts';
export { createLoop, type Loop, type LoopOptions, type LoopRound } from './loop.ts';
export { createLoopMetrics } from './loop-metrics.ts';
export { createRegistry } from './metrics-registry.ts';
export { type MeasuredPool, measurePools } from './pool-metrics.ts';
export { mapNames, prepareCounter, prepareHistogram } from './prepared-metrics.ts';
export { type RunningService, runService } from './run.ts';
export * from './setting-kinds.ts';
export {
  type Environment,
  parseSettings,
  SettingsInvalid,
  type SettingsOptions,
} from './settings.ts';
export { share } from './share.ts';
export { StartupError } from './startup-error.ts';
export { suggest } from './suggest.ts';
export { throttledWarning } from './throttled-warning.ts';
export { type TurnedAwayLog, turnedAwayLog } from './turned-away.ts';
export { version } from './version.ts';

export { ConnectionLeaked, createDatabase, type TestDatabase } from './database.ts';
export { type InProcessRun, runInProcess } from './in-process.ts';
export { type Family, parseMetrics, type Sample, type Scrape, scrape } from './metrics.ts';
export { createRedis, RedisClientLeaked, type TestRedis } from './redis.ts';
export {
  ServiceMisbehaved,
  type StartServiceOptions,
  startService,
  type TestService,
} from './service.ts';
export {
  type OperatedStack,
  type StackOptions,
  serviceSecret,
  startStack,
  type TestStack,
} from './stack.ts';
export { type WaitForOptions, WaitTimedOut, waitFor } from './wait-for.ts';

import { exportStoreUrl } from '@kasabi/exports';
import {
  checkRedis,
  type Environment,
  integer,
  parseSettings,
  port,
  postgresUrl,
  processSettings,
  redisSettings,
  redisUrl,
} from '@kasabi/runtime';
import { z } from 'zod';

const ms = 'a number of milliseconds';

/** All settings, with descriptions for the documentation and the tests. */
export const schema = z
  .object({
    DATABASE_URL: postgresUrl().describe('Postgres, with the login of the role kasabi_worker'),
    REDIS_URL: redisUrl().describe('Redis, where due jobs are delivered from'),
    ...redisSettings,
    EXPORT_STORE: exportStoreUrl().describe(
      'Where the files of exports are: file:///folder or s3://bucket/prefix; the same for all workers and status services',
    ),
    WORKER_PORT: port(8082).describe('The port for /healthz, /readyz and /metrics'),
    WORKER_CONCURRENCY: integer({ from: 1, to: 1_000, fallback: 10 }).describe(
      'The most jobs this process runs at a time',
    ),
    LEASE_MS: integer({ from: 1_000, to: 600_000, fallback: 15_000, what: ms }).describe(
      "How long a silent worker keeps its jobs; a lost worker's job is taken up within twice this",
    ),
    MAX_ATTEMPTS: integer({ from: 1, to: 100, fallback: 5 }).describe(
      'A job fails once this many of its attempts were lost with their workers, however late it is',
    ),
    RETRY_HOURS: integer({ from: 0, to: 720, fallback: 24, what: 'a number of hours' }).describe(
      'How long after its first attempt a job is still retried while its dataset or Postgres is busy',
    ),
    LOCK_TIMEOUT_MS: integer({ from: 100, to: 600_000, fallback: 10_000, what: ms }).describe(
      'How long one attempt waits for current writers',
    ),
    TRUNCATE_FROM_BYTES: integer({
      from: 0,
      to: 1_073_741_824,
      fallback: 32_768,
      what: 'a number of bytes',
    }).describe('Datasets smaller than this are cleared by DELETE, which is faster for them'),
    TRUNCATE_TIMEOUT_MS: integer({ from: 10, to: 60_000, fallback: 500, what: ms }).describe(
      'The longest a reset may make a reader wait',
    ),
    TRUNCATE_TRIES: integer({ from: 0, to: 100, fallback: 3 }).describe(
      'How often TRUNCATE is tried before DELETE is used instead',
    ),
    QUEUE_HORIZON_MS: integer({
      from: 60_000,
      to: 2_592_000_000,
      fallback: 3_600_000,
      what: ms,
    }).describe('Jobs due later than this are not handed to Redis yet'),
    RELAY_INTERVAL_MS: integer({ from: 10, to: 60_000, fallback: 1_000, what: ms }).describe(
      'The pause between rounds of the relay',
    ),
    RELAY_OVERDUE_MS: integer({ from: 10, to: 60_000, fallback: 1_000, what: ms }).describe(
      'How long a due job may go unclaimed before the relay asserts its delivery',
    ),
    RELAY_REASSERT_MS: integer({ from: 100, to: 600_000, fallback: 10_000, what: ms }).describe(
      'How long after that the relay asserts it again, while it stays unclaimed',
    ),
    RESCUER_INTERVAL_MS: integer({ from: 10, to: 60_000, fallback: 1_000, what: ms }).describe(
      'The pause between rounds of the rescuer',
    ),
    TALLY_INTERVAL_MS: integer({ from: 1_000, to: 60_000, fallback: 10_000, what: ms }).describe(
      'The pause between rounds of the tally, which counts ended jobs for the charts',
    ),
    PRUNER_INTERVAL_MS: integer({
      from: 1_000,
      to: 86_400_000,
      fallback: 3_600_000,
      what: ms,
    }).describe('The pause between rounds of the pruner'),
    JOB_RETENTION_DAYS: integer({ from: 1, to: 36_500, fallback: 90 }).describe(
      'How many days the record of an ended job is kept',
    ),
    EXPORT_RETENTION_DAYS: integer({ from: 1, to: 36_500, fallback: 7 }).describe(
      'How many days the file of an export is kept',
    ),
    SWEEPER_INTERVAL_MS: integer({
      from: 100,
      to: 86_400_000,
      fallback: 60_000,
      what: ms,
    }).describe('The pause between rounds of the sweeper, which removes files that are not needed'),
    STUCK_AFTER_MS: integer({ from: 1_000, to: 3_600_000, fallback: 60_000, what: ms }).describe(
      'healthz fails when jobs have been due for this long but none is delivered to this worker',
    ),
    ...processSettings,
    DATABASE_POOL_SIZE: processSettings.DATABASE_POOL_SIZE.describe(
      'The most Postgres connections for jobs; background loops have 3 of their own',
    ),
    SHUTDOWN_TIMEOUT_MS: processSettings.SHUTDOWN_TIMEOUT_MS.describe(
      'How long an orderly stop may take; running jobs have half of it to finish',
    ),
  })
  .refine((settings) => settings.TRUNCATE_TIMEOUT_MS < settings.LEASE_MS, {
    path: ['TRUNCATE_TIMEOUT_MS'],
    error: 'must be shorter than LEASE_MS',
  })
  .superRefine(checkRedis);

export type Settings = z.infer<typeof schema>;

/**
 * The settings of the worker service.
 *
 * @throws SettingsInvalid
 */
export function readSettings(environment: Environment): Settings {
  return parseSettings(schema, environment, { of: 'the worker service', prefixes: ['WORKER_'] });
}

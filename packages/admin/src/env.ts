import path from 'node:path';
import {
  asSecret,
  checkRedis,
  type Environment,
  parseSettings,
  postgresUrl,
  redisSettings,
  redisUrl,
} from '@kasabi/runtime';
import { z } from 'zod';

// biome-ignore lint/style/noProcessEnv: the one place where this package reads the environment.
const environment: Environment = process.env;

const rolePassword = () => asSecret(z.string().min(1)).optional();

const schema = z
  .object({
    /** A login that may assume the role of the schema's owner; for `migrate`, one that may create roles. */
    DATABASE_URL: postgresUrl(),
    /** For `doctor`: the workers' Redis. */
    REDIS_URL: redisUrl().optional(),
    ...redisSettings,
    /** For `migrate`: lets the services' roles log in by themselves, with these passwords. */
    API_DB_PASSWORD: rolePassword(),
    WORKER_DB_PASSWORD: rolePassword(),
    STATUS_DB_PASSWORD: rolePassword(),
    OPERATIONS_DB_PASSWORD: rolePassword(),
  })
  .superRefine(checkRedis);

/** The settings of the operator's command line. */
export type AdminSettings = z.output<typeof schema>;

/** @throws SettingsInvalid naming every setting that is missing or wrong. */
export function readSettings(): AdminSettings {
  return parseSettings(schema, environment, { of: "the operator's command line" });
}

/**
 * The path of a file named on the command line. `npm run` changes to the project's root and puts the
 * operator's folder into INIT_CWD.
 */
export function resolveFile(file: string): string {
  const { INIT_CWD: folder, npm_lifecycle_event: script } = environment;
  return script === 'admin' && folder !== undefined ? path.resolve(folder, file) : file;
}

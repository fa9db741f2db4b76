import path from 'node:path';
import {
  integer,
  listenAddress,
  operatorPassword,
  parseSettings,
  postgresUrl,
  publicUrl,
  redisUrl,
  serviceSecret,
} from '@kasabi/service-kit';
import { z } from 'zod';
import { projectRoot } from './paths.ts';

const port = z
  .string()
  .regex(/^\d+$/, { error: 'must be a port number from 1 to 65535' })
  .transform(Number)
  .refine((it) => it >= 1 && it <= 65_535, { error: 'must be a port number from 1 to 65535' })
  .optional();

const schema = z.object({
  /** Folder of everything that outlives a run; relative to the project's root. */
  DATA_DIR: z
    .string()
    .default('.data')
    .transform((folder) => path.resolve(projectRoot, folder)),
  /** The demo owner's key. Unset: a random one, made once and kept in DATA_DIR. */
  KASABI_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, {
      error: 'must be 1 to 200 printable ASCII characters without spaces',
    })
    .optional(),
  /** Of the operations page. Unset: a random one, made once and kept in DATA_DIR. */
  OPERATOR_PASSWORD: operatorPassword(),
  /** What api and status know each other by. Unset: a random one, as above. */
  SERVICE_SECRET: serviceSecret(),
  /** Use this Postgres instead of starting one. The login must be allowed to create roles. */
  DATABASE_URL: postgresUrl().optional(),
  /** Use this Redis instead of starting one. */
  REDIS_URL: redisUrl().optional(),
  /** Where the services listen; Postgres and Redis stay on loopback. Unset: 127.0.0.1. */
  LISTEN_ADDRESS: listenAddress(),
  API_PORT: port,
  STATUS_PORT: port,
  /** Health of the first worker; further ones take free ports. */
  WORKER_PORT: port,
  POSTGRES_PORT: port,
  REDIS_PORT: port,
  /** How many worker processes to run. */
  WORKERS: integer({ from: 1, to: 32, fallback: 1, what: 'a number of worker processes' }),
  API_PUBLIC_URL: publicUrl().optional(),
  STATUS_PUBLIC_URL: publicUrl().optional(),
});

/** The settings of `npm start`. Everything else in the environment is passed on to the services. */
export type LocalSettings = z.output<typeof schema>;

/** Settings that concern the local stack alone; the services are not told them. */
export const localOnly = [
  'DATA_DIR',
  'KASABI_API_KEY',
  'POSTGRES_PORT',
  'REDIS_PORT',
  'WORKERS',
] as const;

/** This process's environment: the one place where it is read. */
export function environment(): NodeJS.ProcessEnv {
  // biome-ignore lint/style/noProcessEnv: the one place where this package reads the environment.
  return process.env;
}

/**
 * Reads and checks the settings; a variable set to nothing counts as unset.
 *
 * @throws SettingsInvalid naming every wrong setting.
 */
export function readSettings(env: NodeJS.ProcessEnv = environment()): LocalSettings {
  return parseSettings(schema, env, { of: 'the local stack' });
}

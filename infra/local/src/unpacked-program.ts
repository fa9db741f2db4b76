import { rmSync } from 'node:fs';
import path from 'node:path';
import {
  findOnPath,
  findUnpacked,
  type Unpacked,
  type UnpackOptions,
  unpackPackages,
} from './apt-packages.ts';
import { environment } from './env.ts';
import { CommandFailed } from './errors.ts';
import { projectRoot } from './paths.ts';

export interface UnpackedProgramOptions<Binary>
  extends Pick<UnpackOptions, 'packages' | 'source' | 'log' | 'signal'> {
  /** The name of what is kept; the processor's architecture is added. */
  readonly name: string;
  /** Where it is kept; the project's `.cache` unless set. */
  readonly cacheDir?: string | undefined;
  /** The folders to look for apt-get and dpkg-deb in; this process's PATH unless set. */
  readonly searchPath?: string | undefined;
  /** Finds the program, and what it needs, in what was unpacked. */
  readonly binaryIn: (unpacked: Unpacked) => Binary;
  /** Asks the program for its version. Rejects if it does not run. */
  readonly version: (binary: Binary) => Promise<unknown>;
  /** Makes the error for a missing program: `... there is none, and ${reason}`. */
  readonly missing: (reason: string) => Error;
}

/**
 * Finds a program that was unpacked earlier, or unpacks it from the distribution's packages, without changing the
 * system. In either case it runs the program once, for its version.
 *
 * @throws what `missing` makes if the program cannot be unpacked.
 */
export async function unpackedProgram<Binary>({
  cacheDir = path.join(projectRoot, '.cache'),
  searchPath = environment()['PATH'] ?? '',
  binaryIn,
  version,
  missing,
  ...wanted
}: UnpackedProgramOptions<Binary>): Promise<Binary> {
  const name = `${wanted.name}-${process.arch}`;
  const kept = findUnpacked(cacheDir, name);
  if (kept !== undefined) {
    const binary = binaryIn(kept);
    try {
      await version(binary);
      return binary;
    } catch {
      // Damaged, or copied from another system.
      rmSync(kept.root, { recursive: true });
    }
  }
  if (['apt-get', 'dpkg-deb'].some((tool) => findOnPath(tool, searchPath) === undefined)) {
    throw missing('this system has no apt-get and dpkg-deb to unpack one with');
  }
  try {
    const binary = binaryIn(await unpackPackages({ ...wanted, cacheDir, name }));
    await version(binary);
    return binary;
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw missing(`unpacking one from the distribution's packages failed: ${error.message}`);
  }
}

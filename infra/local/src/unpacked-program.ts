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
  extends Pick<UnpackOptions, 'packages' | 'log' | 'signal'> {
  /** Names what is kept, together with the processor's architecture. */
  readonly name: string;
  /** Where what is unpacked is kept; `.cache` of the project unless set. */
  readonly cacheDir?: string | undefined;
  /** Folders to look for apt-get and dpkg-deb in; this process's PATH unless set. */
  readonly searchPath?: string | undefined;
  /** Where the program is in what was unpacked, and what it needs. */
  readonly binaryIn: (unpacked: Unpacked) => Binary;
  /** Asks the program for its version. Rejects if it does not run. */
  readonly version: (binary: Binary) => Promise<unknown>;
  /** Makes the error that there is no such program: `... there is none, and ${reason}`. */
  readonly missing: (reason: string) => Error;
}

/**
 * Finds a program among what was unpacked earlier, else unpacks it now from the distribution's packages,
 * without changing the system. Either way, the program has run once, to print its version.
 *
 * @throws what `missing` makes when the program cannot be unpacked.
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

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { runCommand, type Unpacked, unpackedProgram } from '@kasabi/local';

/** How to run a program: as it is, or by the loader of the libraries it was built for. */
export interface Runnable {
  readonly command: string;
  /** What comes before the program's own arguments. */
  readonly args: readonly string[];
}

/** Debian's first release that has these programs. */
const source = 'deb http://deb.debian.org/debian trixie main';

export interface NewerProgramOptions {
  /** The name of what is kept. */
  readonly name: string;
  /** Its file among what is unpacked: `usr/bin/valkey-server`. */
  readonly file: string;
  /** Its packages, and those of the libraries that it needs. The C library comes along. */
  readonly packages: readonly string[];
  /** Makes the error for a missing program. */
  readonly missing: (reason: string) => Error;
  /** Asks for the version; with `--version` unless set. */
  readonly version?: (program: Runnable) => Promise<unknown>;
  readonly log: (line: string) => void;
}

/**
 * A program of a Debian that may be newer than this system, unpacked into the project's cache folder. It runs with
 * the libraries it was built for, because those of this system may be older.
 *
 * @throws what `missing` makes, where it cannot be had.
 */
export function unpackNewer(options: NewerProgramOptions): Promise<Runnable> {
  const { name, file, packages, missing, version = askVersion, log } = options;
  const binaryIn = ({ root, libraryPath }: Unpacked): Runnable => {
    const processor = process.arch === 'x64' ? 'x86_64' : 'aarch64';
    const libraries = path.join(root, 'usr', 'lib', `${processor}-linux-gnu`);
    const loader = readdirSync(libraries).find((it) => it.startsWith('ld-linux'));
    if (loader === undefined) throw missing('it came without its libraries');
    const args = ['--library-path', libraryPath, path.join(root, file)];
    return { command: path.join(libraries, loader), args };
  };
  const all = [...packages, 'libc6'];
  return unpackedProgram({ name, packages: all, source, log, binaryIn, version, missing });
}

const askVersion = ({ command, args }: Runnable): Promise<string> =>
  runCommand(command, [...args, '--version'], {});

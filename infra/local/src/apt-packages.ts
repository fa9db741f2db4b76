import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { environment } from './env.ts';
import { CommandFailed } from './errors.ts';
import { runCommand } from './run-command.ts';

export interface UnpackOptions {
  /** Folder for everything that is fetched and unpacked. */
  readonly cacheDir: string;
  /** Names the result below the cache folder. */
  readonly name: string;
  /** Packages to unpack whether or not the system has them. */
  readonly packages: readonly string[];
  /** Told of each slow step. */
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Where Debian packages were unpacked to. */
export interface Unpacked {
  readonly root: string;
  /** Value for LD_LIBRARY_PATH that lets the unpacked programs find the unpacked libraries. */
  readonly libraryPath: string;
}

/** True on a system whose packages this module can unpack: one that has apt-get and dpkg-deb. */
export function hasApt(searchPath: string = environment()['PATH'] ?? ''): boolean {
  return ['apt-get', 'dpkg-deb'].every((tool) => findOnPath(tool, searchPath) !== undefined);
}

/** The first executable file of that name in the folders of a PATH. */
export function findOnPath(tool: string, searchPath: string): string | undefined {
  return searchPath
    .split(':')
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, tool))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return statSync(file).isFile();
      } catch {
        // Absent, or in a folder that this user may not enter.
        return false;
      }
    });
}

/** What an earlier `unpackPackages` of that name left; undefined when there is none. */
export function findUnpacked(cacheDir: string, name: string): Unpacked | undefined {
  const root = path.join(cacheDir, name);
  // The folder gets its name last of all, so that it is complete or absent.
  if (!existsSync(root)) return undefined;
  const libraries = ['usr/lib', 'lib'].flatMap((folder) =>
    foldersWithLibraries(path.join(root, folder)),
  );
  return { root, libraryPath: libraries.join(':') };
}

/** Some libraries lie in a folder of their package's, where an installed program is told to look. */
function foldersWithLibraries(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  const below = entries
    .filter((it) => it.isDirectory())
    .flatMap((it) => foldersWithLibraries(path.join(folder, it.name)));
  return entries.some((it) => /\.so(\.|$)/.test(it.name)) ? [folder, ...below] : below;
}

/**
 * Downloads Debian packages from the system's own sources, checked by apt, and unpacks them below the
 * cache folder together with the libraries they need and the system lacks. The system stays as it is;
 * root is not needed.
 *
 * @throws CommandFailed with apt's own words.
 */
export async function unpackPackages(options: UnpackOptions): Promise<Unpacked> {
  const { cacheDir, name, signal } = options;
  const unfinished = path.join(cacheDir, `${name}.${process.pid}.new`);
  const downloads = path.join(unfinished, 'downloads');
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(downloads, { recursive: true });
  try {
    try {
      await download(options, downloads, ownCache(unfinished));
    } catch (error) {
      if (!(error instanceof CommandFailed) || signal?.aborted) throw error;
      // A fresh container has no package lists, an old machine outdated ones.
      options.log('Fetching the package lists of this system');
      const own = [...ownCache(unfinished), ...ownLists(unfinished)];
      await apt([...own, 'update'], downloads, signal);
      await download(options, downloads, own);
    }
    for (const file of readdirSync(downloads).filter((it) => it.endsWith('.deb'))) {
      await runCommand('dpkg-deb', ['-x', path.join(downloads, file), unfinished], { signal });
    }
    for (const folder of [downloads, path.join(unfinished, 'apt')]) {
      rmSync(folder, { recursive: true, force: true });
    }
    try {
      renameSync(unfinished, path.join(cacheDir, name));
    } catch (error) {
      // Another start was quicker; its result is as good.
      if (!['ENOTEMPTY', 'EEXIST'].includes(String((error as NodeJS.ErrnoException).code)))
        throw error;
    }
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  const unpacked = findUnpacked(cacheDir, name);
  if (unpacked === undefined) throw new CommandFailed('dpkg-deb', 'unpacked nothing', '');
  return unpacked;
}

async function download(
  options: UnpackOptions,
  folder: string,
  aptOptions: readonly string[],
): Promise<void> {
  const simulated = await apt(
    [...aptOptions, '--simulate', 'install', '--no-install-recommends', ...options.packages],
    folder,
    options.signal,
  );
  const missing = [...simulated.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '');
  const libraries = missing.filter((it) => it.startsWith('lib'));
  const wanted = [...new Set([...options.packages, ...libraries])];
  options.log(`Downloading ${wanted.join(', ')}`);
  await apt([...aptOptions, 'download', ...wanted], folder, options.signal);
}

// As root, apt would download as the user _apt, who cannot write here.
function ownCache(folder: string): string[] {
  return ['-o', 'APT::Sandbox::User=root', '-o', `Dir::Cache=${aptFolder(folder, 'cache')}`];
}

function ownLists(folder: string): string[] {
  const state = aptFolder(folder, 'state');
  mkdirSync(path.join(state, 'lists', 'partial'), { recursive: true });
  // The list of installed packages stays the system's.
  return ['-o', `Dir::State=${state}`, '-o', 'Dir::State::status=/var/lib/dpkg/status'];
}

function aptFolder(parent: string, name: string): string {
  const folder = path.join(parent, 'apt', name);
  mkdirSync(path.join(folder, 'archives', 'partial'), { recursive: true });
  return folder;
}

function apt(args: readonly string[], cwd: string, signal?: AbortSignal): Promise<string> {
  const env = { ...environment(), LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
  return runCommand('apt-get', ['-q', ...args], { cwd, env, signal });
}

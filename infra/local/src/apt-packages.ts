import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { environment } from './env.ts';
import { CommandFailed } from './errors.ts';
import { runCommand } from './run-command.ts';

export interface UnpackOptions {
  /** The folder for everything that is downloaded and unpacked. */
  readonly cacheDir: string;
  /** The name of the result in the cache folder. */
  readonly name: string;
  /** The packages to unpack, even if the system has them. */
  readonly packages: readonly string[];
  /** A line of sources.list to take them from; the system's own sources unless set. */
  readonly source?: string;
  /** Called before each slow step. */
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Where Debian packages were unpacked to. */
export interface Unpacked {
  readonly root: string;
  /** The value of LD_LIBRARY_PATH with which unpacked programs find unpacked libraries. */
  readonly libraryPath: string;
}

/** The first executable file with this name in the folders of a PATH. */
export function findOnPath(tool: string, searchPath: string): string | undefined {
  const folders = searchPath.split(':').filter((folder) => path.isAbsolute(folder));
  return folders
    .map((folder) => path.join(folder, tool))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        // It does not exist, or is in a folder that this user may not enter.
        return false;
      }
    });
}

/** The result of an earlier `unpackPackages` with this name, if there is one. */
export function findUnpacked(cacheDir: string, name: string): Unpacked | undefined {
  const root = path.join(cacheDir, name);
  // The folder gets its name in the last step, so it is complete if it exists.
  if (!existsSync(root)) return undefined;
  const folders = ['usr/lib', 'lib'].map((folder) => path.join(root, folder));
  return { root, libraryPath: folders.flatMap(foldersWithLibraries).join(':') };
}

/** Includes subfolders: some packages have libraries in a folder that only installed programs search. */
function foldersWithLibraries(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  const below = entries
    .filter((it) => it.isDirectory())
    .flatMap((it) => foldersWithLibraries(path.join(folder, it.name)));
  return entries.some((it) => /\.so(\.|$)/.test(it.name)) ? [folder, ...below] : below;
}

/**
 * Downloads Debian packages from the system's own sources, checked by apt, and unpacks them in the cache folder,
 * together with libraries that they need and the system lacks. It does not change the system and does not need root.
 *
 * @throws CommandFailed with apt's message.
 */
export async function unpackPackages(options: UnpackOptions): Promise<Unpacked> {
  const { cacheDir, name, signal } = options;
  const unfinished = path.join(cacheDir, `${name}.${process.pid}.new`);
  const [downloads, aptFolder] = [path.join(unfinished, 'downloads'), path.join(unfinished, 'apt')];
  const finished = path.join(cacheDir, name);
  rmSync(unfinished, { recursive: true, force: true });
  for (const folder of [downloads, path.join(aptFolder, 'archives/partial')]) {
    mkdirSync(folder, { recursive: true });
  }
  // When run as root, apt would download as the user _apt, who cannot write here.
  const ownCache = ['-o', 'APT::Sandbox::User=root', '-o', `Dir::Cache=${aptFolder}`];
  if (options.source !== undefined) {
    const list = path.join(aptFolder, 'sources.list');
    writeFileSync(list, `${options.source}\n`);
    ownCache.push('-o', `Dir::Etc::sourcelist=${list}`, '-o', 'Dir::Etc::sourceparts=-');
  }
  try {
    await download(options, downloads, ownCache).catch(async (error: unknown) => {
      if (!(error instanceof CommandFailed) || signal?.aborted) throw error;
      // A new container has no package lists, and those of an old machine are outdated.
      options.log('Fetching the package lists of this system');
      mkdirSync(path.join(aptFolder, 'lists/partial'), { recursive: true });
      // The list of installed packages is still the system's.
      const ownLists = ['-o', `Dir::State=${aptFolder}`, '-o', `Dir::State::status=${installed}`];
      await apt([...ownCache, ...ownLists, 'update'], downloads, signal);
      await download(options, downloads, [...ownCache, ...ownLists]);
    });
    for (const file of readdirSync(downloads).filter((it) => it.endsWith('.deb'))) {
      await runCommand('dpkg-deb', ['-x', path.join(downloads, file), unfinished], { signal });
    }
    for (const folder of [downloads, aptFolder]) rmSync(folder, { recursive: true, force: true });
    // Another start may have been faster; its result is just as good.
    if (!existsSync(finished)) renameSync(unfinished, finished);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  const unpacked = findUnpacked(cacheDir, name);
  if (unpacked === undefined) throw new CommandFailed('dpkg-deb unpacked nothing', '');
  return unpacked;
}

const installed = '/var/lib/dpkg/status';

async function download(
  { packages, log, signal }: UnpackOptions,
  folder: string,
  options: readonly string[],
): Promise<void> {
  const install = ['--simulate', 'install', '--no-install-recommends', ...packages];
  const simulated = await apt([...options, ...install], folder, signal);
  const missing = [...simulated.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '');
  const libraries = missing.filter((it) => it.startsWith('lib'));
  const wanted = [...new Set([...packages, ...libraries])];
  log(`Downloading ${wanted.join(', ')}`);
  await apt([...options, 'download', ...wanted], folder, signal);
}

function apt(args: readonly string[], cwd: string, signal?: AbortSignal): Promise<string> {
  const env = { ...environment(), LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
  return runCommand('apt-get', ['-q', ...args], { cwd, env, signal });
}

import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot, runCommand } from '@kasabi/local';

/**
 * The version before: the last commit that was landed together with migration 0013. To be moved on with every
 * release, to the commit of the release before it: an upgrade skips no version.
 */
export const versionBefore = '5bcc31a33a0b446cfd83f9a955f5d7f2ee3465f9';

/** The sources of the version before, ready to run. */
export interface OldVersion {
  /** What Node.js runs for a service, its options first. */
  program(service: string): string[];
  /** Its migrations: file names and texts. */
  readonly migrations: ReadonlyMap<string, string>;
  /** One of its packages, by the name of its folder, loaded into this process. */
  load<Module>(folder: string): Promise<Module>;
}

/** Why the version before cannot be had from this clone; undefined when it can. */
export async function whyMissing(): Promise<string | undefined> {
  try {
    await git('cat-file', '-e', `${versionBefore}^{commit}`);
    return undefined;
  } catch (error) {
    const why = String(error).trim().split('\n').at(-1);
    return `git has no commit ${versionBefore.slice(0, 7)}, the version before (${why}). In a shallow clone, git fetch --unshallow gets it.`;
  }
}

/** Unpacks the version before into an empty folder. It runs from its sources, which takes no build. */
export async function unpackVersionBefore(folder: string): Promise<OldVersion> {
  const archive = path.join(folder, 'version.tar');
  await git('archive', `--output=${archive}`, versionBefore);
  await runCommand('tar', ['-xf', archive, '-C', folder]);
  if (hasSameModules(folder)) linkModules(folder);
  else {
    const options = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
    await runCommand('npm', ['ci', ...options], { cwd: folder });
  }
  return {
    program: (service) => [
      '--conditions=kasabi-source',
      path.join(folder, 'services', service, 'src', 'main.ts'),
    ],
    migrations: readMigrations(folder),
    load: (name) =>
      import(pathToFileURL(path.join(folder, 'packages', name, 'src', 'index.ts')).href),
  };
}

/** The migrations of a copy of the project. */
export function readMigrations(root: string): ReadonlyMap<string, string> {
  const folder = path.join(root, 'packages', 'postgres', 'migrations');
  const names = readdirSync(folder).sort();
  return new Map(names.map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]));
}

interface Locked {
  readonly version?: string;
  /** Of a workspace: the place in node_modules leads to `resolved`, from the root. */
  readonly link?: boolean;
  readonly resolved?: string;
  readonly dev?: boolean;
}

function readLock(root: string): Readonly<Record<string, Locked>> {
  return JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
}

/** Whether all modules that a copy of the project runs with are those that are installed here. */
function hasSameModules(root: string): boolean {
  const here = readLock(projectRoot);
  return Object.entries(readLock(root))
    .filter(([place, { dev, link }]) => place.includes('node_modules/') && !dev && !link)
    .every(([place, { version }]) => here[place]?.version === version);
}

/** Links the modules that are installed here, and the workspaces among themselves. */
function linkModules(root: string): void {
  const [from, to] = [path.join(projectRoot, 'node_modules'), path.join(root, 'node_modules')];
  mkdirSync(path.join(to, '@kasabi'), { recursive: true });
  for (const entry of readdirSync(from)) {
    if (entry === '@kasabi' || entry.startsWith('.')) continue;
    symlinkSync(path.join(from, entry), path.join(to, entry));
  }
  for (const [place, { link, resolved }] of Object.entries(readLock(root))) {
    if (link && resolved) symlinkSync(path.join(root, resolved), path.join(root, place));
  }
}

function git(...args: string[]): Promise<string> {
  return runCommand('git', ['-C', projectRoot, ...args]);
}

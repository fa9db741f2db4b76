import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { projectRoot, type ServiceName } from '@kasabi/local';

/** A change of one file of the built product, by its text. */
export interface Patch {
  /** Relative to the project's root: `packages/jobs/dist/claim.js`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A copy of the built product that the suite runs. */
export interface Image {
  readonly folder: string;
  readonly preload: string;
  program(service: ServiceName): string;
  /** Runs the copy's own migrations. */
  migrate(databaseUrl: string): Promise<void>;
}

const here = path.dirname(fileURLToPath(import.meta.url));

/**
 * Copies what the build made into `folder`, so that a rebuild during the run changes nothing and a
 * mutant harms nobody. Workspaces are linked among themselves, everything else to the project's modules.
 *
 * @throws Error when the product is not built, or a patch does not fit exactly once.
 */
export function makeImage(folder: string, patches: readonly Patch[] = []): Image {
  mkdirSync(path.join(folder, 'node_modules', '@kasabi'), { recursive: true });
  const modules = path.join(projectRoot, 'node_modules');
  for (const entry of readdirSync(modules)) {
    if (entry === '@kasabi' || entry.startsWith('.')) continue;
    symlinkSync(path.join(modules, entry), path.join(folder, 'node_modules', entry));
  }
  // Its version is that of the whole.
  cpSync(path.join(projectRoot, 'package.json'), path.join(folder, 'package.json'));
  for (const kind of ['packages', 'services']) {
    for (const name of readdirSync(path.join(projectRoot, kind))) {
      copyWorkspace(folder, kind, name);
    }
  }
  for (const patch of patches) apply(folder, patch);
  compilePreload(folder);
  return {
    folder,
    preload: path.join(folder, 'chaos', 'preload', 'main.js'),
    program: (service) => path.join(folder, 'services', service, 'dist', 'main.js'),
    async migrate(databaseUrl) {
      const built = pathToFileURL(path.join(folder, 'packages', 'postgres', 'dist', 'index.js'));
      const postgres: typeof import('@kasabi/postgres') = await import(built.href);
      await postgres.migrate({ databaseUrl });
    },
  };
}

function copyWorkspace(folder: string, kind: string, name: string): void {
  const from = path.join(projectRoot, kind, name);
  const to = path.join(folder, kind, name);
  if (!existsSync(path.join(from, 'dist'))) {
    throw new Error(`${kind}/${name} is not built; run "npm run build" first.`);
  }
  for (const part of ['dist', 'migrations', 'node_modules']) {
    if (!existsSync(path.join(from, part))) continue;
    cpSync(path.join(from, part), path.join(to, part), {
      recursive: true,
      verbatimSymlinks: true,
      // Tests are no part of what runs.
      filter: (file) => !/\.test\.|\.map$/.test(file),
    });
  }
  // Without the condition that leads to sources, which are not copied.
  const manifest = readFileSync(path.join(from, 'package.json'), 'utf8');
  writeFileSync(
    path.join(to, 'package.json'),
    manifest.replaceAll(/"kasabi-source": "[^"]*",/g, ''),
  );
  // By the package's name: a package and a service may have folders of one name.
  const { name: packageName } = JSON.parse(manifest) as { readonly name: string };
  symlinkSync(path.join('..', '..', kind, name), path.join(folder, 'node_modules', packageName));
}

function apply(folder: string, { file, find, replace }: Patch): void {
  const target = path.join(folder, file);
  const text = readFileSync(target, 'utf8');
  const found = text.split(find).length - 1;
  if (found !== 1) {
    throw new Error(`The patch of ${file} fits ${found} times instead of once: ${find}`);
  }
  writeFileSync(
    target,
    text.replace(find, () => replace),
  );
}

/** The services run without a loader, so what is loaded into them has to be JavaScript. */
function compilePreload(folder: string): void {
  const config = path.join(folder, 'preload.json');
  writeFileSync(
    config,
    JSON.stringify({
      extends: path.join(projectRoot, 'tsconfig.json'),
      compilerOptions: {
        ...{ rootDir: here, outDir: path.join(folder, 'chaos'), noEmit: false, noCheck: true },
        ...{ composite: false, declarationMap: false, declaration: false, sourceMap: false },
        types: [],
      },
      files: [path.join(here, 'preload', 'main.ts')],
      references: [],
    }),
  );
  const compiler = path.join(projectRoot, 'node_modules', '.bin', 'tsc');
  const { status, stdout } = spawnSync(compiler, ['-p', config], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The preload does not compile:\n${stdout}`);
  writeFileSync(path.join(folder, 'chaos', 'package.json'), '{ "type": "module" }\n');
}

import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '@kasabi/local';

const here = path.join(projectRoot, 'test', 'benchmark');
const output = path.join(here, 'dist');

/** The built program of a baseline, or of the load process: `baselines/naive`, `load/main`. */
export const program = (name: string): string => path.join(output, `${name}.js`);

/**
 * Compiles the baselines and the load process, so that they run as the product does: as JavaScript, on
 * built packages, without a loader.
 *
 * @throws Error with the compiler's words.
 */
export function build(folder: string): void {
  const config = path.join(folder, 'benchmark.json');
  const files = readdirSync(path.join(here, 'baselines')).map((name) => `baselines/${name}`);
  writeFileSync(
    config,
    JSON.stringify({
      extends: path.join(projectRoot, 'tsconfig.json'),
      compilerOptions: {
        ...{ rootDir: here, outDir: output, noCheck: true, composite: false },
        ...{ declarationMap: false, declaration: false, sourceMap: false, types: [] },
        tsBuildInfoFile: null,
      },
      files: [...files, 'load/main.ts', 'load/waiters.ts'].map((file) => path.join(here, file)),
      references: [],
    }),
  );
  const compiler = path.join(projectRoot, 'node_modules', '.bin', 'tsc');
  const { status, stdout } = spawnSync(compiler, ['-p', config], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The baselines do not compile:\n${stdout}`);
}

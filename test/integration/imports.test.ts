// Packages use each other by name: no import leads out of its package by a path.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '@kasabi/local';

const sources = globSync('{infra,packages,services,test}/**/*.{ts,mjs,cjs}', {
  cwd: projectRoot,
  exclude: (name) => /(^|\/)(node_modules|dist)$/.test(name),
});

/** The nearest folder above with a manifest: that of the project for what is in no package. */
function packageOf(file: string): string {
  const folder = path.dirname(file);
  return folder === '.' || existsSync(path.join(projectRoot, folder, 'package.json'))
    ? folder
    : packageOf(folder);
}

/** The imports of a file that lead out of its package. */
function strayImports(file: string, text: string): string[] {
  return [...text.matchAll(/\b(?:from|import\(?) ?'(\.[^']+)'/g)]
    .map(([, specifier = '']) => path.posix.join(path.dirname(file), specifier))
    .filter((target) => packageOf(target) !== packageOf(file));
}

test('no import leads into the folder of another package', () => {
  assert.ok(sources.length > 500, `${sources.length} sources`);
  const stray = sources.flatMap((file) =>
    strayImports(file, readFileSync(path.join(projectRoot, file), 'utf8')).map(
      (target) => `${file} imports ${target}`,
    ),
  );
  assert.deepEqual(stray, []);
});

test('an import that does is found, whichever way it is written', () => {
  const file = 'services/api/src/accept.test.ts';
  const path = '../../../test/support/index.ts';
  const text = `import '${path}';\nexport * from '${path}';\nawait import('${path}');\nimport a from './a.ts';`;
  assert.equal(strayImports(file, text).length, 3);
});

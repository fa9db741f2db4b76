// Packages use each other by name and in one direction, and programs load no more than they need.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '@kasabi/local';

interface Import {
  readonly specifier: string;
  /** Erased by the compiler: nothing is loaded. */
  readonly isType: boolean;
}

/** All imports of a text: static, dynamic and re-exports. */
function importsOf(text: string): Import[] {
  const statements =
    /(?:\b(?:import|export) (type )?[\w\s{},*$]*?\bfrom |\bimport ?\(?\s*)'([^']+)'/g;
  return [...text.matchAll(statements)].map(([, type, specifier = '']) => ({
    specifier,
    isType: type !== undefined,
  }));
}

const sources = globSync('{infra,packages,services,test}/**/*.{ts,mjs,cjs}', {
  cwd: projectRoot,
  exclude: (name) => /(^|\/)(node_modules|dist)$/.test(name),
});
const imports = new Map(
  sources.map((file) => [file, importsOf(readFileSync(path.join(projectRoot, file), 'utf8'))]),
);

/** The file of this project that an import leads to; undefined for what is from elsewhere. */
function targetOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return path.posix.join(path.dirname(file), specifier);
  if (!specifier.startsWith('@kasabi/')) return undefined;
  return path.relative(projectRoot, fileURLToPath(import.meta.resolve(specifier)));
}

/** The nearest folder above with a manifest: that of the project for what is in no package. */
function packageOf(file: string): string {
  const folder = path.dirname(file);
  return folder === '.' || existsSync(path.join(projectRoot, folder, 'package.json'))
    ? folder
    : packageOf(folder);
}

/** The imports of a file that lead out of its package by a path. */
function strayImports(file: string, found: readonly Import[]): string[] {
  return found
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => path.posix.join(path.dirname(file), specifier))
    .filter((target) => packageOf(target) !== packageOf(file));
}

type Graph = ReadonlyMap<string, readonly string[]>;

/** The first circle in a graph, from a node to itself. */
function findCircle(graph: Graph): string[] | undefined {
  const cleared = new Set<string>();
  function follow(node: string, way: readonly string[]): string[] | undefined {
    if (way.includes(node)) return [...way.slice(way.indexOf(node)), node];
    if (cleared.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const circle = follow(next, [...way, node]);
      if (circle !== undefined) return circle;
    }
    cleared.add(node);
    return undefined;
  }
  for (const node of graph.keys()) {
    const circle = follow(node, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

const between: Graph = new Map(
  [...imports].map(([file, found]) => [
    file,
    found.flatMap(({ specifier }) => targetOf(file, specifier) ?? []),
  ]),
);

/** The packages from elsewhere that a program loads, as far as our own sources ask for them. */
function packagesLoadedBy(program: string): Set<string> {
  const files = new Set([program]);
  const packages = new Set<string>();
  // Goes on with what is added on the way.
  for (const file of files) {
    for (const { specifier, isType } of imports.get(file) ?? []) {
      if (isType) continue;
      const target = targetOf(file, specifier);
      if (target === undefined) packages.add(/^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? '');
      else files.add(target);
    }
  }
  return packages;
}

test('no import leads into the folder of another package', () => {
  assert.ok(sources.length > 500, `${sources.length} sources`);
  const stray = [...imports].flatMap(([file, found]) =>
    strayImports(file, found).map((target) => `${file} imports ${target}`),
  );
  assert.deepEqual(stray, []);
});

test('no imports lead in a circle, of types or of tests neither', () => {
  assert.equal(findCircle(between)?.join(' → '), undefined);
});

test('packages depend on each other in one direction', () => {
  const packages = new Map<string, string[]>();
  for (const [file, targets] of between) {
    // Tests use what is above their package, too.
    if (/^test\/|\/test\/|\.test\.ts$/.test(file)) continue;
    const of = packageOf(file);
    const others = targets.map(packageOf).filter((it) => it !== of);
    packages.set(of, [...(packages.get(of) ?? []), ...others]);
  }
  assert.ok(packages.size >= 17, `${packages.size} packages`);
  assert.equal(findCircle(packages)?.join(' → '), undefined);
});

test('the command line does not load Express, nor the worker what reads RDF', () => {
  const admin = packagesLoadedBy('packages/admin/src/main.ts');
  const worker = packagesLoadedBy('services/worker/src/main.ts');
  for (const [loaded, some, none] of [
    [admin, ['commander', 'pg', 'bullmq', 'n3'], ['express', 'helmet']],
    [worker, ['express', 'pg', 'bullmq'], ['n3', 'commander']],
  ] as const) {
    assert.deepEqual(
      some.filter((name) => !loaded.has(name)),
      [],
    );
    assert.deepEqual(
      none.filter((name) => loaded.has(name)),
      [],
    );
  }
});

test('imports are found whichever way they are written, and circles among them', () => {
  const file = 'services/api/src/accept.test.ts';
  const path = '../../../test/support/index.ts';
  const text = `import '${path}';\nexport * from '${path}';\nawait import('${path}');\nimport a from './a.ts';`;
  assert.equal(strayImports(file, importsOf(text)).length, 3);
  const types = importsOf("import type { A } from 'a';\nexport type {\n  B,\n} from 'b';\n");
  assert.deepEqual(
    types.map(({ specifier, isType }) => specifier + isType),
    ['atrue', 'btrue'],
  );
  const circle = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['d', ['b']],
  ]);
  assert.deepEqual(findCircle(circle), ['b', 'd', 'b']);
});

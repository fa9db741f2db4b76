// The way from README to `docker compose up` and `kubectl apply -k`, as somebody walks it who has only the documents:
// whatever a step or a manifest names is in the tree, or an earlier step makes it.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '@kasabi/local';
import { compose } from './support/compose.ts';
import { type Manifest, render } from './support/kustomize.ts';

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');
const deployment = read('docs/deployment.md');

/** The text of a section. */
function section(title: string): string {
  const found = deployment.split(/^## /m).find((it) => it.startsWith(`${title}\n`));
  return found ?? assert.fail(title);
}

/** The commands of a section, in order: its indented lines. */
const commandsOf = (title: string): string[] =>
  [...section(title).matchAll(/^ {4,}((?:cp|sh|docker|kubectl) .*)$/gm)].map(([, it = '']) => it);

/** What the deployer brings along, as the steps say. */
const brought = ['tls.crt', 'tls.key', 'export-store.env'];

/** Checks the files that commands name; a copy is there for the commands after it. */
function assertWalkable(commands: readonly string[]): void {
  const made = new Set(brought);
  for (const command of commands) {
    const words = command.split(/[ =]/).slice(1);
    const target = command.startsWith('cp ') ? words.pop() : undefined;
    // What runs in a container was built there from the sources.
    const files = words
      .filter((it) => /[\w-]\/[\w.-]|\.(env|crt|key|sh|yaml)|^\.env/.test(it))
      .filter((it) => !it.includes('registry.') && !it.startsWith('deployment/'))
      .map((it) => it.replace('/dist/main.js', '/src/main.ts'));
    for (const file of files) {
      assert.ok(made.has(file) || existsSync(path.join(projectRoot, file)), `${command}: ${file}`);
    }
    if (target !== undefined) made.add(target);
  }
}

test('README leads to the steps, and every file that a step names is there by then', () => {
  assert.match(read('README.md'), /\(docs\/deployment\.md\)/);
  const [containers, kubernetes] = [commandsOf('Containers'), commandsOf('Kubernetes')];
  assertWalkable([...containers, ...kubernetes]);
  const at = (commands: readonly string[], what: string): number => {
    const found = commands.findIndex((it) => it.includes(what));
    assert.ok(found >= 0, what);
    return found;
  };
  const up = at(containers, 'docker compose up');
  for (const before of ['cp .env.example .env', 'make-secrets.sh']) {
    assert.ok(at(containers, before) < up, before);
  }
  assert.ok(at(containers, 'owner create') > up);
  const apply = at(kubernetes, 'kubectl apply -k');
  for (const before of ['docker push', 'secrets.env', 'namespace.yaml', 'create secret']) {
    assert.ok(at(kubernetes, before) < apply, before);
  }
  assert.ok(at(kubernetes, 'owner create') > apply);
  assert.throws(() => assertWalkable(['sh infra/docker/make-nothing.sh']), /make-nothing/);
});

test('every file that Compose mounts or builds from is in the tree, and every secret has a mount', () => {
  for (const [name, it] of Object.entries(compose.services)) {
    const mounts = ((it['volumes'] as string[] | undefined) ?? []).map((mount) => mount.split(':'));
    for (const [from = ''] of mounts) {
      if (from.startsWith('./')) assert.ok(existsSync(path.join(projectRoot, from)), from);
      else assert.ok(Object.hasOwn(compose.volumes, from), `${name}: ${from}`);
    }
  }
  const mounted = Object.values(compose.services).flatMap(
    (it) => (it['secrets'] as string[]) ?? [],
  );
  assert.deepEqual([...new Set(mounted)].sort(), Object.keys(compose.secrets).sort());
});

/** Everything in a manifest under a key, at whatever depth. */
function under(value: unknown, key: string): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.entries(value).flatMap(([name, it]) => (name === key ? [it] : []));
  return [...own, ...Object.values(value).flatMap((it) => under(it, key))];
}

interface Reference {
  readonly name: string;
  readonly optional?: boolean;
}

for (const overlay of ['small', 'production']) {
  const folder = path.join('infra', 'kubernetes', overlay);
  const manifests: readonly Manifest[] = render(path.join(projectRoot, folder));
  const named = (...keys: string[]): Reference[] =>
    keys.flatMap((key) => under(manifests, key) as Reference[]);

  test(`${overlay}: a step makes every secret, and the manifests have every ConfigMap`, () => {
    const steps = commandsOf('Kubernetes').join('\n');
    const secrets = [
      ...named('secretKeyRef', 'secretRef').map(({ name }) => name),
      ...(under(manifests, 'secretName') as string[]),
    ];
    assert.ok(secrets.includes('kasabi-jobs') && secrets.includes('kasabi-jobs-tls'));
    for (const name of new Set(secrets)) {
      assert.match(steps, new RegExp(`create secret (generic|tls) ${name} `));
    }
    for (const { name, optional } of named('configMapKeyRef', 'configMapRef')) {
      const isThere = manifests.some((it) => it.kind === 'ConfigMap' && it.metadata.name === name);
      assert.ok(isThere || (optional && section('Kubernetes').includes(`\`${name}\``)), name);
    }
  });

  test(`${overlay}: what a deployer has to put in is in the files that the steps name`, () => {
    const steps = section('Kubernetes');
    for (const file of readdirSync(path.join(projectRoot, folder))) {
      if (!read(path.join(folder, file)).includes('example.org')) continue;
      assert.ok(steps.includes(`\`${file}\``), file);
    }
    const images = (under(manifests, 'image') as string[]).filter((it) => it.includes('kasabi'));
    assert.deepEqual(new Set(images), new Set(['registry.example.org/kasabi-jobs:0.1.0']));
    assert.ok(steps.includes(`docker push ${images[0]}\n`));
  });
}
